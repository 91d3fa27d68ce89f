/** Loaded before the page is drawn: a page that changes its colours afterwards would flash. */
{
  let theme = '';
  try {
    theme = localStorage.getItem('walmq-theme') ?? '';
  } catch {
    // A browser may forbid the storage. Then the theme is the system's.
  }
  if (theme !== '') document.documentElement.dataset.theme = theme;
  document.documentElement.dataset.scripts = 'on';
}
