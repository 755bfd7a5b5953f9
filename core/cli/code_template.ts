/** Tags a template as the code of another program, not a text for people. Returns the text of the template. */
export const code = (parts: TemplateStringsArray, ...values: readonly string[]): string =>
  String.raw({ raw: parts }, ...values);
