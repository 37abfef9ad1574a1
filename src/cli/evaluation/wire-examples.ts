import {
  type Example,
  Example as ExampleMessage,
  type Label,
  type TensorArray,
  tensorFrom,
} from '../../clients/index.js';
import type { DatasetExample, DatasetLabel, TargetModel, TargetTask } from '../../engine/index.js';

/** An example of a dataset as a request has it, with the labels of the tasks that the model knows. */
export function wireExample({ key, input, labels }: DatasetExample, { tasks }: TargetModel): Example {
  const wanted = tasks.flatMap((task) => {
    const label = task.isReconstruction ? undefined : labels.get(task.name);
    return label === undefined ? [] : [[task.name, wireLabel(label, task)] as const];
  });
  return {
    key,
    input:
      input.form === 'file'
        ? { $case: 'encodedImage', value: input.data }
        : { $case: 'tensor', value: tensorFrom(input.data, input.shape) },
    labels: Object.fromEntries(wanted),
    extraInputs: {},
  };
}

function wireLabel({ data, shape, valid }: DatasetLabel, { labelForm }: TargetTask): Label {
  const mask = valid && { valid: tensorFrom(valid, shape) };
  if (labelForm === 'class') return { value: { $case: 'classId', value: BigInt(data[0] ?? 0) }, ...mask };
  return { value: { $case: 'tensor', value: tensorFrom(compact(data, labelForm), shape) }, ...mask };
}

/** Classes as small as they fit: four maps in floating point would be most of a request. */
function compact(data: Float32Array, labelForm: TargetTask['labelForm']): TensorArray {
  if (labelForm !== 'class-map') return data;
  const fits = data.every((value) => value >= 0 && value <= 255);
  return fits ? Uint8Array.from(data) : Int32Array.from(data);
}

/** Requests of at most so many bytes: a gateway takes 64 MiB unless its operator says otherwise. */
const MAX_REQUEST_BYTES = 48 * 2 ** 20;

/** Examples in their order, in as few requests as their sizes allow. */
export function requestParts(examples: readonly Example[]): readonly (readonly Example[])[] {
  const parts: Example[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const example of examples) {
    const size = ExampleMessage.encode(example).finish().length;
    if (bytes + size > MAX_REQUEST_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(example);
    bytes += size;
  }
  return parts;
}
