import { parse, stringify } from 'yaml';

/** The text of the `model.yaml` of an ONNX model, for the same model with its channels last. */
export function tfjsConfig(text: string): string {
  const config = parse(text) as { input: object; tasks: readonly { kind: string }[] };
  const tasks = config.tasks.map((task) => (task.kind === 'semantic-segmentation' ? { ...task, classAxis: -1 } : task));
  return stringify({ engine: 'tfjs', ...config, input: { ...config.input, layout: 'NHWC' }, tasks });
}
