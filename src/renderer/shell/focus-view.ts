/** The focus goes to the view as a whole, which is read out by its name; Tab goes on to its first control. */
export function focusView(title?: string): void {
  const main = document.querySelector('main');
  if (main === null) return;
  main.tabIndex = -1;
  if (title !== undefined) main.setAttribute('aria-label', title);
  main.focus();
}
