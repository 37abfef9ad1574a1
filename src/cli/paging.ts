/** What is asked for of a list that comes in pages. */
export interface PageRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

/** One page; an empty token says that it is the last. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextPageToken: string;
}

/** The largest page that a gateway gives. */
const PAGE_SIZE = 1000;

/** The first items of a list that comes in pages, at most `limit`. */
export async function firstItems<Item>(
  limit: number,
  read: (page: PageRequest) => Promise<Page<Item>>,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let pageToken = '';
  do {
    // The token of a page stands for its filters, not for its size.
    const page = await read({ pageSize: Math.min(PAGE_SIZE, limit - items.length), pageToken });
    items.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && items.length < limit);
  return items;
}
