import type { ExtraInputs, Network } from '../models/network.js';
import { sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Pace } from './pace.js';

/**
 * Most multiplications of predictions that share a native call. A small network spends its time around the call, and a batch of it
 * takes little longer than one example; of a large one a batch takes as long as its examples one by one, and keeps the first waiting.
 */
const MAX_JOINT_MULTIPLY_ADDS = 2e9;

type Outputs = ReadonlyMap<string, Tensor>;

/** Rows that wait for a turn, or for the call that another one makes for them. */
interface Waiting {
  readonly pixels: Tensor;
  readonly extraInputs: ExtraInputs;
  readonly rows: number;
  outputs?: Outputs;
}

/**
 * Predictions of one model. Those of all callers that wait for the same native call run in it together, if they are of one shape:
 * whoever's turn comes first computes for the others. Nobody waits longer for it than for his own turn.
 */
export class JointPredictions {
  readonly #network: Pick<Network, 'predict'>;
  readonly #mostRows: number;
  readonly #waiting = new Map<string, Waiting[]>();

  /** @param mostRows most examples of one call, unless one caller has more; 1 computes each caller's alone */
  constructor(network: Pick<Network, 'predict'>, mostRows: number) {
    this.#network = network;
    this.#mostRows = mostRows;
  }

  /**
   * What the network says of N examples, equal to what it says of them alone but for rounding.
   *
   * @param multiplyAdds of one example
   * @throws what the network throws for these examples alone
   * @throws the reason of the pace's signal. Thrown when it is aborted before the turn comes; the others go on.
   */
  async predict(pixels: Tensor, extraInputs: ExtraInputs, multiplyAdds: number, pace: Pace): Promise<Outputs> {
    const key = keyOf(pixels, extraInputs);
    const entry: Waiting = { pixels, extraInputs, rows: pixels.shape[0] ?? 0 };
    this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), entry]);
    try {
      return await pace.call('predict', async () => entry.outputs ?? (await this.#run(key, entry, multiplyAdds)));
    } finally {
      this.#leave(key, [entry]);
    }
  }

  async #run(key: string, entry: Waiting, multiplyAdds: number): Promise<Outputs> {
    const mostRows = Math.min(this.#mostRows, Math.floor(MAX_JOINT_MULTIPLY_ADDS / multiplyAdds));
    const joint = [entry];
    let rows = entry.rows;
    for (const other of this.#waiting.get(key) ?? []) {
      if (other === entry || rows + other.rows > mostRows) continue;
      joint.push(other);
      rows += other.rows;
    }
    this.#leave(key, joint);
    if (joint.length > 1) {
      // What fails together is tried alone, each in its own turn: one caller's trouble is nobody else's.
      const outputs = await this.#network
        .predict(joined(joint.map(({ pixels }) => pixels)), joinedInputs(joint))
        .catch(() => undefined);
      if (outputs !== undefined) {
        let start = 0;
        for (const each of joint) {
          each.outputs = new Map([...outputs].map(([task, tensor]) => [task, rowsOf(tensor, start, each.rows)]));
          start += each.rows;
        }
      }
    }
    return entry.outputs ?? (await this.#network.predict(entry.pixels, entry.extraInputs));
  }

  #leave(key: string, entries: readonly Waiting[]): void {
    const others = (this.#waiting.get(key) ?? []).filter((entry) => !entries.includes(entry));
    if (others.length === 0) this.#waiting.delete(key);
    else this.#waiting.set(key, others);
  }
}

/** Rows can be joined where all but their number is the same. */
const keyOf = (pixels: Tensor, extraInputs: ExtraInputs): string =>
  JSON.stringify([pixels.shape.slice(1), [...extraInputs].map(([name, { shape }]) => [name, shape.slice(1)])]);

function joinedInputs(entries: readonly Waiting[]): ExtraInputs {
  const names = [...(entries[0]?.extraInputs.keys() ?? [])];
  return new Map(
    names.map((name) => [name, joined(entries.flatMap(({ extraInputs }) => extraInputs.get(name) ?? []))]),
  );
}

function joined(tensors: readonly Tensor[]): Tensor {
  const rows = tensors.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
  const shape = [rows, ...(tensors[0]?.shape.slice(1) ?? [])];
  const data = new Float32Array(sizeOf(shape));
  let offset = 0;
  for (const tensor of tensors) {
    data.set(tensor.data, offset);
    offset += tensor.data.length;
  }
  return { data, shape };
}

function rowsOf({ data, shape }: Tensor, start: number, count: number): Tensor {
  const size = sizeOf(shape.slice(1));
  return { data: data.subarray(start * size, (start + count) * size), shape: [count, ...shape.slice(1)] };
}
