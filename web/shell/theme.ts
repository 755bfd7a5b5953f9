import { effect, signal } from "@preact/signals";

export type Theme = "light" | "dark" | "system";

const key = "keyrack.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = signal(dark.matches);

function stored(): Theme {
  const value = localStorage.getItem(key);
  return value === "light" || value === "dark" ? value : "system";
}

export const theme = signal<Theme>(stored());

/** Chooses the theme of this browser. */
export function setTheme(next: Theme): void {
  localStorage.setItem(key, next);
  theme.value = next;
}

/** Shows the chosen theme, and follows the system's. */
export function startTheme(): void {
  dark.addEventListener("change", ({ matches }) => {
    isDark.value = matches;
  });
  effect(() => {
    const shown = theme.value === "system" ? (isDark.value ? "dark" : "light") : theme.value;
    document.documentElement.dataset["theme"] = shown;
  });
}
