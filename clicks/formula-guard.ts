/**
 * Keeps a spreadsheet from running what came from outside: a referrer, a campaign, the name of a browser.
 *
 * Used by everything that writes clicks as CSV. A cell that begins like a formula gets an apostrophe in front, as
 * OWASP's page on CSV injection says. The commands have a guard of their own, which can be undone
 * (`cli/csv-cell.ts`): what they export is imported again.
 */
const FORMULA = /^[=+\-@\t\r]/

export function guardFormula(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text
}
