# CPack's configuration for the Debian package; packaging/deb calls it, and gives it the staged tree and the version.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME disposable-secrets)
set(CPACK_PACKAGE_VENDOR "Disposable Secrets")
set(CPACK_PACKAGE_FILE_NAME ${CPACK_PACKAGE_NAME})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "one-time secret sharing service")
set(CPACK_PACKAGE_DESCRIPTION
"Keeps a secret, encrypted, and hands it out once: by a web page, by a client
on the command line and by a JSON API over HTTP or HTTPS, with an audit log
of what happened to every secret. Secrets survive restarts and power cuts,
and none is handed out twice.

The executable is static. The package runs it as a hardened systemd service
behind a socket that stays open while the service is restarted.")
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
# The executable needs nothing. The user is made by sysusers, of systemd or of its stand-in where systemd is not
# installed; the maintainer scripts call deb-systemd-helper and deb-systemd-invoke.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_DEBIAN_PACKAGE_PREDEPENDS "init-system-helpers (>= 1.54~)")

set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION TRUE)
foreach(file preinst postinst prerm postrm conffiles)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/debian/${file})
endforeach()
