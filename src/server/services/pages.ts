import type { Violations } from '../../engine/index.js';

const MAX_PAGE_SIZE = 1000;

/** What every request for a page says. */
export interface PageRequest {
  readonly pageSize?: number | undefined;
  readonly pageToken: string;
}

/** Reads how many are asked for; adds a violation where that is none. */
export function readPageSize({ pageSize }: PageRequest, defaultSize: number, violations: Violations): number {
  const size = pageSize ?? defaultSize;
  const isSize = size >= 1 && size <= MAX_PAGE_SIZE;
  violations.expect(isSize, 'page_size', `expected 1 … ${MAX_PAGE_SIZE}, got ${size}`);
  return size;
}

/** What has a place in a list, the newest first: new ones do not move the pages. */
interface Listed {
  readonly sequence: number;
}

/** A page of such a list. */
export interface Page<Item extends Listed> {
  readonly items: readonly Item[];
  readonly nextPageToken: string;
}

/**
 * Gives the page that is asked for.
 *
 * @param list gives so many of the newest before a sequence
 */
export type Pager = <Item extends Listed>(list: (before: number, count: number) => readonly Item[]) => Page<Item>;

/**
 * Reads which page is asked for; adds violations where it is none.
 *
 * @param filters what the list is narrowed by: they are in the token, for with others the pages would not fit together
 */
export function readPager(
  request: PageRequest,
  filters: readonly unknown[],
  defaultSize: number,
  violations: Violations,
): Pager {
  const size = readPageSize(request, defaultSize, violations);
  const tokenOf = (before: number): string =>
    Buffer.from(JSON.stringify([before, ...filters.map((filter) => filter ?? null)])).toString('base64url');
  const before = readToken(request.pageToken, tokenOf, violations);
  return (list) => {
    // One more than is asked for tells whether there is another page.
    const found = list(before, size + 1);
    const items = found.slice(0, size);
    const last = found.length > size ? items.at(-1) : undefined;
    return { items, nextPageToken: last === undefined ? '' : tokenOf(last.sequence) };
  };
}

function readToken(token: string, tokenOf: (before: number) => string, violations: Violations): number {
  if (token === '') return Number.MAX_SAFE_INTEGER;
  const [, digits] = /^\[(\d{1,15}),/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  const before = Number(digits);
  const text = `expected the next_page_token of a reply for the same filters, got ${token}`;
  violations.expect(tokenOf(before) === token, 'page_token', text);
  return before;
}
