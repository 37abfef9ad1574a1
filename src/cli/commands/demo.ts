import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  AttackField,
  type AttackProgress,
  type Client,
  type CollectedAttack,
  collectAttack,
  type Model,
  PredictField,
  type Prediction,
} from '../../clients/index.js';
import { decodeImage, LOCAL_ENGINES, type LocalEngine } from '../../engine/index.js';
import { type CliContext, EXIT, type ExitCode, UsageError } from '../context.js';
import {
  type AttackRow,
  attackTable,
  checkAgreement,
  type Figures,
  figuresOf,
  predictedFigures,
} from '../demo/figures.js';
import { pictureOf } from '../demo/pictures.js';
import { type PlannedAttack, planAttacks } from '../demo/plan.js';
import { readScenes, type Scene } from '../demo/scenes.js';
import { withTfjsModels } from '../demo/tfjs-models.js';
import { writeWhole } from '../files.js';
import { numberText, secondsOf } from '../format.js';
import { withGateway } from '../gateway.js';
import { jsonDocument } from '../json.js';
import { addExample, addJsonOption, integer, number } from '../options.js';
import { PACKAGE_ROOT } from '../package-version.js';
import { createProgress, type Progress } from '../progress.js';
import { reportText } from '../show-gradient-norm.js';

interface Options {
  readonly server?: string;
  readonly engine: LocalEngine;
  readonly examples: number;
  readonly steps: number;
  readonly epsilon: number;
  readonly out: string;
  readonly json?: true;
}

/** What the command line says: how much is attacked depends on the engine. */
type GivenOptions = Omit<Options, 'examples' | 'steps'> & Partial<Pick<Options, 'examples' | 'steps'>>;

const MODEL = 'street';

/** How much is attacked unless the command line says otherwise. */
const DEFAULTS = { onnx: { examples: 8, steps: 10 }, tfjs: { examples: 2, steps: 5 } } as const;

/** `robustgate demo`: a gateway, its client, the attacks of the paper, one table, and pictures. */
export function defineDemo(command: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  command
    .option('--examples <count>', 'scenes to attack: 1 … 16 (default: 8, with TF.js 2)', within(integer, 1, 16))
    .option(
      '--steps <count>',
      'steps of the attacks that make several (default: 10, with TF.js 5)',
      within(integer, 1, 10_000),
    )
    .option('--epsilon <levels>', 'radius of the ball, in pixel levels of 255', within(number, 0, 255), 4)
    .option('--out <dir>', 'where the pictures go', 'demo-out')
    .addOption(
      new Option('--engine <name>', 'what runs the model; tfjs is slower, and gets the model converted')
        .choices(LOCAL_ENGINES)
        .default('onnx'),
    )
    .option('--server <address>', 'a gateway that serves demo/models (default: one is started)');
  addJsonOption(command);
  addExample(command, 'robustgate demo --examples 4 --steps 20');
  command.action(async (given: GivenOptions) => {
    const options: Options = { ...DEFAULTS[given.engine], ...given };
    const demo = fileURLToPath(new URL('demo/', PACKAGE_ROOT));
    const attack = (client: Client): Promise<void> => runDemo(client, join(demo, 'scenes'), options, context);
    const attackOwn = (models: string): Promise<void> =>
      withGateway({ server: '', local: true, models }, context, attack);
    if (options.server !== undefined) {
      if (options.engine === 'tfjs')
        throw new UsageError('expected --engine without --server, whose gateway has its own');
      await withGateway({ server: options.server }, context, attack);
    } else if (options.engine === 'tfjs') {
      context.stderr.write(SLOWER);
      await withTfjsModels(join(demo, 'models'), attackOwn);
    } else {
      await attackOwn(join(demo, 'models'));
    }
    finish(EXIT.pass);
  });
}

const SLOWER =
  'robustgate: TF.js on WebAssembly takes about eight times as long as ONNX Runtime for a step of this model, so fewer scenes and steps are the default\n';

const within = (parse: (text: string) => number, low: number, high: number) => (text: string) => {
  const value = parse(text);
  if (value < low || value > high) throw new InvalidArgumentError(`expected ${low} … ${high}, got ${text}`);
  return value;
};

async function runDemo(client: Client, folder: string, options: Options, context: CliContext): Promise<void> {
  const started = performance.now();
  const call = { signal: context.signal };
  const print = (text: string): void => void (options.json || context.stdout.write(text));
  const scenes = await readScenes(folder, options.examples);
  const { model } = await client.getModel({ name: MODEL }, call);
  if (model === undefined) throw new Error(`expected the model ${MODEL}, got none`);
  const before = await predict(
    client,
    scenes.map(({ example }) => example),
    call.signal,
  );
  const clean = predictedFigures(before);
  print(introduction(model, scenes, options, clean));
  const progress = createProgress(context);
  try {
    print(`\n${await gradientReport(client, scenes, progress, call.signal)}`);
    const plan = planAttacks(model.tasks, options);
    const { rows, pictured } = await attackAll(client, scenes, plan, progress, call.signal);
    const again = await predictAgain(client, scenes, pictured, call.signal);
    progress.end();
    const files = await drawAll(options.out, scenes, before, again.predictions, pictured);
    print(`\n${attackTable(clean, rows)}\n${closing(options, files, again.figures, performance.now() - started)}`);
    if (options.json) context.stdout.write(jsonDocument({ model, clean, attacks: rows.map(jsonRow), files }));
  } finally {
    progress.end();
  }
}

const jsonRow = ({ planned, figures }: AttackRow): unknown => ({
  attack: planned.name,
  objective: planned.objectiveName,
  ...figures,
});

async function predict(
  client: Client,
  examples: readonly Scene['example'][],
  signal: AbortSignal,
): Promise<Prediction[]> {
  const fields = [PredictField.LABELS, PredictField.VALUES];
  const reply = await client.predict({ modelName: MODEL, examples: [...examples], fields }, { signal });
  return reply.predictions;
}

function introduction(model: Model, scenes: readonly Scene[], { epsilon, steps }: Options, clean: Figures): string {
  const tasks = model.tasks.map(({ name, metric, unit }) => `${name} (${metric}${unit === '' ? '' : ` in ${unit}`})`);
  return [
    `${model.name} version ${model.version}, sha256 ${model.sha256.slice(0, 12)}…, ${model.engine} on ${model.provider}`,
    `tasks: ${tasks.join(', ')}`,
    `${scenes.length} scenes, epsilon ${epsilon}/255, ${steps} steps of 1/255`,
    `without an attack: mIoU ${numberText(clean.segmentation)}, depth error ${numberText(clean.depth)}, ` +
      `reconstruction error ${numberText(clean.reconstruction)}`,
    '',
  ].join('\n');
}

async function gradientReport(
  client: Client,
  scenes: readonly Scene[],
  progress: Progress,
  signal: AbortSignal,
): Promise<string> {
  const request = { modelName: MODEL, examples: scenes.map(({ example }) => example) };
  let report = '';
  let started: Parameters<typeof reportText>[0] | undefined;
  for await (const event of client.gradientNorm(request, { signal })) {
    if (event.$case === 'started') started = event.value;
    if (event.$case === 'progress') progress.update({ phase: 'gradient norms' });
    if (event.$case === 'summary' && started !== undefined) report = reportText(started, event.value, []);
  }
  progress.end();
  if (report === '') throw new Error('expected a summary of the gradient norms, got none');
  return report;
}

async function attackAll(
  client: Client,
  scenes: readonly Scene[],
  plan: readonly PlannedAttack[],
  progress: Progress,
  signal: AbortSignal,
): Promise<{ rows: AttackRow[]; pictured: CollectedAttack }> {
  const track = trackAll(plan, scenes.length, progress);
  const rows: AttackRow[] = [];
  let pictured: CollectedAttack | undefined;
  for (const planned of plan) {
    const request = {
      modelName: MODEL,
      examples: scenes.map(({ example }) => example),
      attack: planned.parameters,
      objective: planned.objective,
      fields: [planned.isPictured ? AttackField.ADVERSARIAL_PNG : AttackField.LABEL_MAPS],
    };
    const attack = await collectAttack(client.attack(request, { signal }), track(planned));
    if (attack.results.length !== scenes.length) {
      throw new Error(`expected ${scenes.length} results of ${planned.name}, got ${attack.results.length}`);
    }
    rows.push({ planned, figures: figuresOf(attack.summary.tasks, ({ adversarial }) => adversarial) });
    if (planned.isPictured) pictured = attack;
  }
  if (pictured === undefined) throw new Error('expected an attack to draw, got none');
  return { rows, pictured };
}

/** Progress over all attacks, by the gradients that they take. */
function trackAll(plan: readonly PlannedAttack[], sceneCount: number, progress: Progress) {
  const total = plan.reduce((sum, { steps }) => sum + steps * sceneCount, 0);
  const start = performance.now();
  let finished = 0;
  return (planned: PlannedAttack) => {
    const base = finished;
    finished += planned.steps * sceneCount;
    return ({ examplesDone, step, losses }: AttackProgress): void => {
      const done = base + examplesDone * planned.steps + step * (sceneCount - examplesDone);
      const fraction = Math.min(done / total, 1);
      const elapsed = (performance.now() - start) / 1000;
      progress.update({
        phase: `${planned.name} on ${planned.objectiveName}`,
        fraction,
        facts: losses.map(({ task, value }) => `${task} ${numberText(value)}`),
        // Until then most of the time went into compiling, which later attacks need not do again.
        etaSeconds: fraction < 0.15 ? undefined : (elapsed * (1 - fraction)) / fraction,
      });
    };
  };
}

/** Asks the served model for the adversarial PNGs, as any client would, and holds its answer against the attack's. */
async function predictAgain(
  client: Client,
  scenes: readonly Scene[],
  { results, summary }: CollectedAttack,
  signal: AbortSignal,
): Promise<{ predictions: Prediction[]; figures: Figures }> {
  const examples = scenes.map(({ key, example }) => ({
    ...example,
    input: { $case: 'encodedImage' as const, value: pngOf(results, key) },
  }));
  const predictions = await predict(client, examples, signal);
  const figures = predictedFigures(predictions);
  const reported = figuresOf(summary.tasks, ({ adversarial8bit }) => adversarial8bit);
  checkAgreement(figures, reported);
  return { predictions, figures };
}

function pngOf(results: CollectedAttack['results'], key: string): Uint8Array {
  const { payloads = [] } = results.find(({ result }) => result.exampleKey === key) ?? {};
  const png = payloads.find(({ id }) => id.field === AttackField.ADVERSARIAL_PNG);
  if (png === undefined) throw new Error(`expected an adversarial PNG of ${key}, got none`);
  return png.data;
}

async function drawAll(
  out: string,
  scenes: readonly Scene[],
  before: readonly Prediction[],
  after: readonly Prediction[],
  { started, results }: CollectedAttack,
): Promise<string[]> {
  const files: string[] = [];
  for (const [i, scene] of scenes.entries()) {
    const [predictedBefore, predictedAfter] = [before[i], after[i]];
    if (predictedBefore === undefined || predictedAfter === undefined)
      throw new Error(`expected a prediction of ${scene.key}, got none`);
    const adversarial = await decodeImage(pngOf(results, scene.key), { maxPixels: 2 ** 20, maxBytes: 2 ** 24 });
    const title = `${scene.key}  ${started.specText}`;
    const path = join(out, `${scene.key}.png`);
    await writeWhole(path, pictureOf({ title, scene, adversarial, before: predictedBefore, after: predictedAfter }));
    files.push(path);
  }
  return files;
}

function closing({ out }: Options, files: readonly string[], again: Figures, milliseconds: number): string {
  return `* attacked. Depth error: mean absolute, in disparity/1000; reconstruction error: mean squared, of the normalised input.
The pictured attack as 8-bit PNG files, sent to the served model again: mIoU ${numberText(again.segmentation)}, depth error ${numberText(again.depth)}.

${files.length} pictures in ${out}, in ${secondsOf(milliseconds / 1000)}. Next:
  node bin/robustgate.js serve --models demo/models                       # then call localhost:8001
  node bin/robustgate.js models street --local --models demo/models       # tasks, units, operators
  node bin/robustgate.js attack --help                                    # attack your own images
`;
}
