/** A line of a container file, its continuations joined. */
export interface Instruction {
  /** E.g. `COPY`. */
  readonly name: string;
  /** Without flags. */
  readonly words: readonly string[];
  /** `--from=build` is `{ from: 'build' }`. */
  readonly flags: Readonly<Record<string, string>>;
  readonly text: string;
}

/** A stage: what is between two lines with FROM. */
export interface Stage {
  readonly image: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

/** The stages of a container file, as far as ours go: https://docs.docker.com/reference/dockerfile/ */
export function parseDockerfile(text: string): readonly Stage[] {
  const lines = text
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n');
  const stages: { image: string; name: string | undefined; instructions: Instruction[] }[] = [];
  for (const line of lines.filter((one) => one.trim() !== '')) {
    const [name = '', ...rest] = line.trim().split(/\s+/);
    const flags = rest.filter((word) => word.startsWith('--'));
    const words = rest.filter((word) => !word.startsWith('--'));
    if (name === 'FROM') stages.push({ image: words[0] ?? '', name: words[2], instructions: [] });
    else {
      const pairs = flags.map((flag) => flag.slice(2).split('=', 2) as [string, string]);
      const instruction = {
        name,
        words,
        flags: Object.fromEntries(pairs),
        text: line.trim().slice(name.length).trim(),
      };
      stages.at(-1)?.instructions.push(instruction);
    }
  }
  return stages;
}
