declare module "*.module.css" {
  const classes: Readonly<Record<string, string>>;
  export default classes;
}

declare module "*.css" {}

// Made by web/build/entries.ts.
declare module "screens:locales" {
  type Messages = Readonly<Record<string, Readonly<Record<string, never>>>>;
  export const locales: Readonly<Record<string, () => Promise<{ readonly messages: Messages }>>>;
}
