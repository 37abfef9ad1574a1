import type { DefineCommand } from '../../define-command.js';
import { addExample } from '../../options.js';

/** The commands of the lab by name. What they run is imported when they run. */
export const LAB_COMMANDS: Readonly<Record<string, { summary: string; load: () => Promise<DefineCommand> }>> = {
  scenes: {
    summary: 'write seeded scenes in the layout of Cityscapes or Taskonomy',
    load: async () => (await import('./scenes.js')).defineScenes,
  },
};

/** `robustgate lab`: a group of commands. Alone it is wrong usage, and shows its help. */
export async function loadLab(): Promise<DefineCommand> {
  const members = Object.entries(LAB_COMMANDS).map(async ([name, { summary, load }]) => ({
    name,
    summary,
    define: await load(),
  }));
  const loaded = await Promise.all(members);
  return (command, context, finish) => {
    for (const { name, summary, define } of loaded) {
      const member = command
        .command(name)
        .description(summary)
        .helpOption('-h, --help', 'print this')
        .allowExcessArguments(false);
      define(member, context, finish);
    }
    addExample(command, 'robustgate lab scenes --kind street --count 1000 --split train --out scenes');
  };
}
