/** Series of an exposition: `name{label="value",…}`, labels in alphabetical order, with their values. Exemplars are left out. */
export function seriesOf(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const [, name = '', , labels = '', value = ''] = /^([^{ ]+)(\{(.*?)\})? (\S+)/.exec(line) ?? [];
      const sorted = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([pair]) => pair).toSorted();
      return [sorted.length === 0 ? name : `${name}{${sorted.join(',')}}`, Number(value)] as const;
    }),
  );
}

/** Series whose name is one of a metric, without a histogram's parts. */
export const named = (series: ReadonlyMap<string, number>, name: string): Record<string, number> =>
  Object.fromEntries([...series].filter(([key]) => key.split('{')[0] === name));

/** What a gateway's admin address answers to a reader of metrics. */
export async function scrape(adminAddress: string, accept = ''): Promise<string> {
  const response = await fetch(`http://${adminAddress}/metrics`, { headers: { accept } });
  return await response.text();
}
