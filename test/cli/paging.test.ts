import test from 'ava';
import { firstItems, type PageRequest } from '../../src/cli/paging.js';

/** Reads of a list of `total` numbers, of which a page has at most 1000. */
function listOf(total: number) {
  const asked: PageRequest[] = [];
  const read = async (page: PageRequest) => {
    asked.push(page);
    const start = Number(page.pageToken);
    const end = Math.min(start + page.pageSize, total);
    const items = Array.from({ length: end - start }, (_, i) => start + i);
    return { items, nextPageToken: end === total ? '' : `${end}` };
  };
  return { asked, read };
}

const paged = test.macro(async (t, limit: number, total: number, sizes: readonly number[]) => {
  const { asked, read } = listOf(total);
  const items = await firstItems(limit, read);
  t.deepEqual(
    items,
    Array.from({ length: Math.min(limit, total) }, (_, i) => i),
  );
  t.deepEqual(
    asked.map(({ pageSize }) => pageSize),
    sizes,
  );
});

test('a list that ends first is read to its end', paged, 20, 7, [20]);
test('an empty list is one page', paged, 20, 0, [20]);
test('no more is asked for than is wanted', paged, 20, 5000, [20]);
test('what is more than a page goes on where the page before ended', paged, 2500, 5000, [1000, 1000, 500]);
