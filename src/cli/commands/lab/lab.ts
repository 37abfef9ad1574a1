import type { DefineCommand } from '../../define-command.js';
import { addExample } from '../../options.js';

/** The commands of the lab by name. What they run is imported when they run. */
export const LAB_COMMANDS: Readonly<Record<string, { summary: string; load: () => Promise<DefineCommand> }>> = {
  scenes: {
    summary: 'write seeded scenes in the layout of Cityscapes or Taskonomy',
    load: async () => (await import('./scenes.js')).defineScenes,
  },
  networks: {
    summary: 'list the networks that can be trained from nothing, with their tasks',
    load: async () => (await import('./networks.js')).defineNetworks,
  },
  train: {
    summary: 'train a model on a labelled dataset; a training that was cut off goes on',
    load: async () => (await import('./train.js')).defineTrain,
  },
  export: {
    summary: 'write a trained model, or what a training has so far, as ONNX or for TF.js',
    load: async () => (await import('./export.js')).defineExport,
  },
  harden: {
    summary: 'train a deployed model on attacks, and write a new version with figures of both',
    load: async () => (await import('./harden.js')).defineHarden,
  },
  reproduce: {
    summary: "train and attack the paper's models: its tables and figures, with a verdict on each claim",
    load: async () => (await import('./reproduce.js')).defineReproduce,
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
