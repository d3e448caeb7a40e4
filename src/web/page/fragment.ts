// The part of the address behind the #, taken and removed from the address bar and the history at once: imported first,
// so that nothing runs before.

export function take_fragment(): string {
  const fragment = location.hash.slice(1);
  if (location.hash !== "") {
    history.replaceState(null, "", location.pathname + location.search);
  }
  return fragment;
}

export const first_fragment = take_fragment();
