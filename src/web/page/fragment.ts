// The part of the address behind the #, taken and removed from the address bar and the history at once: imported first,
// so that nothing runs before.

// What the tab still knows when the page is loaded again and the key is gone: that there was a link, or what came of it.
type Mark = "link" | "opened";
export const mark_of_tab = (): Mark | null => history.state as Mark | null;

export function mark_tab(mark: Mark): void {
  history.replaceState(mark, "", location.pathname + location.search);
}

export function take_fragment(): string {
  const fragment = location.hash.slice(1);
  // Over plain http nothing can be opened, and the reader is told to put https before this very link.
  if (location.hash !== "" && isSecureContext) {
    mark_tab("link");
  }
  return fragment;
}

export const first_fragment = take_fragment();
