#!/bin/sh
# Installs Disposable Secrets on a machine without dpkg, from the folder that the release was unpacked to. Asks nothing,
# and can be run again at any time. Needs coreutils; systemd, where it is, gets the service.
set -eu
umask 022

usage() {
  cat <<'USAGE'
Usage: install.sh install   [--root DIR]
       install.sh upgrade   [--root DIR]
       install.sh uninstall [--root DIR] [--purge]

  install     puts the program into /usr/local and its configuration and keyring into /etc/disposable-secrets, makes the
              user, enables and starts the service
  upgrade     replaces the program and restarts the service where it runs; configuration, keyring and data stay
  uninstall   stops the service and removes the program; configuration, keyring and data stay
  --purge     removes these too, for ever
  --root DIR  works on the system in DIR, for building images; starts nothing and makes no keyring
USAGE
}

fail() { # message, exit code
  echo "install.sh: error: $1" >&2
  exit "${2:-1}"
}

say() { echo "install.sh: $1"; }

readonly packaged=/usr/bin/disposable-secrets
readonly program=/usr/local/bin/disposable-secrets
readonly unit_folder=/usr/local/lib/systemd/system
readonly sysusers=/usr/local/lib/sysusers.d/disposable-secrets.conf
readonly share=/usr/local/share
readonly copy_of_this=/usr/local/lib/disposable-secrets/install.sh
readonly configuration_folder=/etc/disposable-secrets
readonly configuration=$configuration_folder/disposable-secrets.conf
readonly keyring=$configuration_folder/keyring
readonly data=/var/lib/disposable-secrets
readonly units='disposable-secrets.socket disposable-secrets.service'
readonly isolated_units='disposable-secrets-isolated.socket disposable-secrets-isolated.service'
# What `document` makes, and where it belongs.
readonly generated="manual:$share/man/man1/disposable-secrets.1
manual-conf:$share/man/man5/disposable-secrets.conf.5
bash:$share/bash-completion/completions/disposable-secrets
zsh:$share/zsh/site-functions/_disposable-secrets
fish:$share/fish/vendor_completions.d/disposable-secrets.fish"

have() { command -v "$1" >/dev/null 2>&1; }

systemd_runs() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

checksum() { sha256sum <"$1"; }

# In one step, so that whoever starts the program gets the old one or the new one; and only when it is another one.
put() { # mode, path, file
  target=$root$2
  mkdir -p "${target%/*}" || fail "cannot make the folder ${target%/*}"
  if [ -f "$target" ] && [ "$(checksum "$target")" = "$(checksum "$3")" ]; then
    chmod "$1" "$target"
    return
  fi
  { cp "$3" "$target.new" && chmod "$1" "$target.new" && sync "$target.new" && mv -f "$target.new" "$target"; } || {
    rm -f "$target.new"
    fail "cannot write $target"
  }
  changed=yes
}

# The units name the program where a package has it.
with_our_path() { # unit
  while IFS= read -r line || [ -n "$line" ]; do
    head=
    while [ "${line#*"$packaged"}" != "$line" ]; do
      head=$head${line%%"$packaged"*}$program
      line=${line#*"$packaged"}
    done
    printf '%s\n' "$head$line"
  done <"$1"
}

# So that --config with this file is all that the commands beside the service need.
with_our_folders() { # default configuration
  while IFS= read -r line; do
    case $line in
      '#data-dir =') line="data-dir = $data" ;;
      '#key-file =') line="key-file = $keyring" ;;
    esac
    printf '%s\n' "$line"
  done <"$1"
}

user_exists() {
  if [ -z "$root" ]; then
    id -u disposable-secrets >/dev/null 2>&1
    return
  fi
  [ -r "$root/etc/passwd" ] || return 1
  while IFS=: read -r name _; do
    [ "$name" != disposable-secrets ] || return 0
  done <"$root/etc/passwd"
  return 1
}

make_user() {
  user_exists && return
  if have systemd-sysusers; then
    systemd-sysusers ${root:+--root="$root"} - <"$here/disposable-secrets.sysusers" || :
  elif have useradd; then
    useradd ${root:+--root "$root"} --system --user-group --no-create-home --home-dir "$data" \
      --shell /usr/sbin/nologin disposable-secrets || :
  fi
  user_exists || fail "the user disposable-secrets could not be made; make it, and run this again"
}

make_keyring() {
  if [ -e "$root$keyring" ]; then
    return
  elif [ -n "$root" ]; then
    say "no keyring was made, since all machines of an image would share it. On each machine, once:"
    say "$program keys create --key-file $keyring"
  elif [ -e "$data/store" ]; then
    fail "$data holds secrets and their keyring, $keyring, is missing: put it back, and run this again"
  else
    "$program" keys create --key-file "$keyring" >/dev/null || fail "the keyring $keyring could not be made"
  fi
}

check_release() {
  for file in disposable-secrets disposable-secrets.sysusers $units $isolated_units; do
    [ -r "$here/$file" ] || fail "$here/$file is missing; run this from the unpacked release"
  done
  version=$("$here/disposable-secrets" version) || fail "$here/disposable-secrets does not run on this machine"
  version=${version##* }
}

refuse_package() {
  if [ -e "$root$packaged" ]; then
    fail "$root$packaged is there: a package manager looks after this installation; use it instead"
  fi
}

put_files() {
  changed=no
  for unit in $units $isolated_units; do
    with_our_path "$here/$unit" >"$scratch/unit"
    put 0644 "$unit_folder/$unit" "$scratch/unit"
  done
  put 0644 "$sysusers" "$here/disposable-secrets.sysusers"
  while IFS=: read -r what path; do
    "$here/disposable-secrets" document "$what" >"$scratch/generated" || fail "cannot write $what"
    put 0644 "$path" "$scratch/generated"
  done <<LIST
$generated
LIST
  for file in LICENSE THIRD-PARTY-NOTICES; do
    [ ! -r "$here/$file" ] || put 0644 "$share/doc/disposable-secrets/$file" "$here/$file"
  done
  if [ ! -e "$root$configuration" ]; then
    "$here/disposable-secrets" document config >"$scratch/generated" || fail "cannot write config"
    with_our_folders "$scratch/generated" >"$scratch/configuration"
    put 0644 "$configuration" "$scratch/configuration"
  fi
  put 0755 "$copy_of_this" "$0"
  put 0755 "$program" "$here/disposable-secrets"
}

# systemctl's own message says why; $1 is what was tried.
not_running() {
  fail "version $version is installed, but $1 failed; 'journalctl -u disposable-secrets' says why.
install.sh: mend it, then: systemctl restart disposable-secrets.socket disposable-secrets.service"
}

# The sockets stay open meanwhile, so that no connection is refused.
restart_what_runs() {
  for unit in disposable-secrets.service disposable-secrets-isolated.service; do
    if systemctl --quiet is-active "$unit"; then
      systemctl restart "$unit" || not_running "the restart of $unit"
      say "$unit was restarted"
    fi
  done
}

install_program() {
  put_files
  make_user
  make_keyring
  if systemd_runs; then
    systemctl daemon-reload
    [ "$changed" = no ] || restart_what_runs
    # What is active already is not touched, and neither is the profile without a network that excludes it.
    if ! systemctl --quiet is-enabled disposable-secrets-isolated.service; then
      # shellcheck disable=SC2086
      systemctl --quiet enable --now $units || not_running "the start"
    fi
    say "version $version is installed; 'systemctl status disposable-secrets' shows how it is"
  elif [ -n "$root" ] && have systemctl; then
    # shellcheck disable=SC2086
    systemctl --quiet --root="$root" enable $units || fail "the units could not be enabled in $root"
    say "version $version is installed in $root"
  else
    say "version $version is installed; no systemd runs here. To serve, as root or as a user who can read these files:"
    say "$program serve --config $configuration"
  fi
}

upgrade_program() {
  [ -e "$root$program" ] || fail "there is no $root$program to be upgraded; run: install.sh install"
  put_files
  if [ "$changed" = no ]; then
    say "version $version is there already"
    return
  fi
  if systemd_runs; then
    systemctl daemon-reload
    restart_what_runs
  fi
  say "version $version is installed"
}

remove_files() {
  for unit in $units $isolated_units; do
    rm -f "$root$unit_folder/$unit"
  done
  while IFS=: read -r _ path; do
    rm -f "$root$path"
  done <<LIST
$generated
LIST
  rm -f "$root$sysusers" "$root$program" "$root$copy_of_this"
  rm -rf "$root$share/doc/disposable-secrets"
  rmdir "$root${copy_of_this%/*}" 2>/dev/null || :
}

uninstall_program() {
  if systemd_runs; then
    # shellcheck disable=SC2086
    systemctl --quiet disable --now $units $isolated_units 2>/dev/null || :
    for unit in $units $isolated_units; do
      ! systemctl --quiet is-active "$unit" || fail "$unit does not stop; nothing was removed"
    done
  fi
  for unit in $units $isolated_units; do
    rm -f "$root/etc/systemd/system/sockets.target.wants/$unit" \
      "$root/etc/systemd/system/multi-user.target.wants/$unit"
  done
  remove_files
  ! systemd_runs || systemctl daemon-reload
  if [ "$purge" = no ]; then
    say "removed; configuration, keyring and data stay in $root$configuration_folder and $root$data"
    return
  fi
  rm -rf "$root$data"
  # And drafts of the keyring that a power cut may have left. What else the administrator put there stays.
  rm -f "$root$configuration" "$root$keyring" "$root$keyring.draft" "$root$keyring".??????
  rmdir "$root$configuration_folder" 2>/dev/null || :
  say "removed, with configuration, keyring and data; the user disposable-secrets stays, so that nobody gets its number"
}

command=${1:-}
case $command in
  install | upgrade | uninstall) shift ;;
  -h | --help | help)
    usage
    exit 0
    ;;
  *)
    usage >&2
    [ -n "$command" ] || fail "a command is required" 2
    fail "unknown command: $command" 2
    ;;
esac
root=
purge=no
while [ $# -gt 0 ]; do
  case $1 in
    --root)
      [ -d "${2:-}" ] || fail "--root needs a folder that is there" 2
      root=$(cd -- "$2" && pwd)
      [ "$root" != / ] || root=
      shift 2
      ;;
    --purge)
      [ "$command" = uninstall ] || fail "--purge goes with uninstall only" 2
      purge=yes
      shift
      ;;
    *) fail "unknown option: $1" 2 ;;
  esac
done
[ -n "$root" ] || [ "$(id -u)" = 0 ] || fail "this needs root"

refuse_package
if [ "$command" != uninstall ]; then
  here=$(cd -- "$(dirname -- "$0")" && pwd)
  check_release
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 130' INT TERM HUP
fi
"${command}_program"
