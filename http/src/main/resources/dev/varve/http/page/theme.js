// Light, dark, or as the system says; the choice is kept in this browser.

const KEY = 'varve.theme';
export const THEMES = ['auto', 'light', 'dark'];

export function theme() {
  const kept = localStorage.getItem(KEY);
  return THEMES.includes(kept) ? kept : 'auto';
}

export function useTheme(name) {
  localStorage.setItem(KEY, name);
  show();
}

/** Calls back when colours have changed: what is drawn on a canvas must be drawn again. */
export function onTheme(listener) {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', listener);
  addEventListener('varve-theme', listener);
  return () => {
    dark.removeEventListener('change', listener);
    removeEventListener('varve-theme', listener);
  };
}

function show() {
  document.documentElement.dataset.theme = theme();
  dispatchEvent(new Event('varve-theme'));
}

show();
