/**
 * Pages by number, as Shlink has them: what a query asks for, and what its answer says of them. Pure.
 *
 * Used for short URLs, tags and visits. How a page is found in a list that goes on from a cursor says
 * `page-marks.ts`.
 */
export interface PageNumber {
  /** From 1. */
  readonly page: number
  readonly perPage: number
}

/** As `pagination` in Shlink's answers. */
export function paginationOf({ page, perPage }: PageNumber, shown: number, total: number): object {
  return {
    currentPage: page,
    pagesCount: Math.max(1, Math.ceil(total / perPage)),
    itemsPerPage: perPage,
    itemsInCurrentPage: shown,
    totalItems: total,
  }
}

/** What is no such number is the default, and what is more than there may be the most, as in Shlink. */
export function pageNumberOf(
  query: unknown,
  { perPage, perPageMax }: { readonly perPage: number; readonly perPageMax: number },
): PageNumber {
  const { page, itemsPerPage } = query as Readonly<Record<string, unknown>>
  const isAll = itemsPerPage === '-1'
  const size = isAll ? perPageMax : (countOf(itemsPerPage) ?? perPage)
  return { page: countOf(page) ?? 1, perPage: Math.min(size, perPageMax) }
}

function countOf(text: unknown): number | undefined {
  return typeof text === 'string' && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined
}
