import type { CallData, PageData } from "../../core/http/screens/page.ts";

export type { CallData, PageData };

/** Reads the data that the web process wrote into the page. */
function readPageData(): PageData {
  const text = document.getElementById("keyrack")?.textContent;
  if (text === null || text === undefined) throw new Error("The page has no data block.");
  const data: PageData = JSON.parse(text);
  return data;
}

export const pageData = readPageData();
