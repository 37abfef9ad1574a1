import test, { type ExecutionContext } from 'ava';
import { EngineError } from '../../src/engine/errors.js';
import {
  cotangentsOf,
  type Differentiable,
  differentiateNode,
  dot,
  isVariable,
  type OneNode,
  type Variable,
  variable,
} from './one-node.js';

/** Indices of the inputs that depend on pixels. */
const variablesOf = ({ inputs }: OneNode): number[] => inputs.flatMap((input, i) => (isVariable(input) ? [i] : []));

async function forEachVariable(
  node: OneNode,
  check: (by: number, x: Variable, node: Differentiable) => Promise<void>,
): Promise<void> {
  for (const by of variablesOf(node)) {
    const differentiable = await differentiateNode(node, by);
    try {
      await check(by, node.inputs[by] as Variable, differentiable);
    } finally {
      await differentiable.release();
    }
  }
}

const sumOf = (outputs: ReadonlyMap<number, Float32Array>, cotangents: ReadonlyMap<number, Float32Array>): number =>
  [...outputs].reduce((sum, [i, y]) => sum + dot(y, cotangents.get(i) as Float32Array), 0);

const length = (x: Float32Array): number => Math.sqrt(dot(x, x));

/** The largest |Σ| that sums of such products could have: what errors of rounding are relative to. */
const scaleOf = (outputs: ReadonlyMap<number, Float32Array>, cotangents: ReadonlyMap<number, Float32Array>): number =>
  [...outputs].reduce((sum, [i, y]) => sum + length(y) * length(cotangents.get(i) as Float32Array), 0);

/**
 * For an operator that is linear in each of its inputs: ⟨dY, F(x) − F(0)⟩ = ⟨dX, x⟩, for the rule's dX. It needs no step size, so
 * that it is exact but for rounding.
 */
export const isAdjoint = test.macro<[node: OneNode]>({
  title: (when, { opType }) => `the gradient of ${opType} is its adjoint: ${when}`,
  async exec(t, node) {
    await forEachVariable(node, async (by, x, differentiable) => {
      const cotangents = cotangentsOf(differentiable);
      const { outputs, gradient } = await differentiable.run(node.inputs, cotangents);
      const zero = { shape: x.shape, data: new Float32Array(x.data.length) };
      const atZero = await differentiable.run(node.inputs.with(by, zero), cotangents);
      const left = sumOf(outputs, cotangents) - sumOf(atZero.outputs, cotangents);
      const right = dot(gradient, x.data);
      const tolerance = 1e-5 * (1e-3 + scaleOf(outputs, cotangents));
      t.true(length(gradient) > 0, `expected a gradient by input ${by}, got 0`);
      t.true(Math.abs(left - right) < tolerance, `by input ${by}: ⟨dY, F(x)⟩ = ${left}, ⟨dX, x⟩ = ${right}`);
      await expectDirections(t, node, by, differentiable, gradient, cotangents, 1, 1e-4);
    });
  },
});

/**
 * For any operator away from its kinks: each element of dX is dL/dx of L = ⟨dY, F(x)⟩, by differences of the fourth order,
 *
 *   (8 (L(x + h) − L(x − h)) − (L(x + 2h) − L(x − 2h))) / 12h
 *
 * Their error is h⁴/30 of the fifth derivative, 3e-8 of it with h = 1/32, and that of rounding in float32: 6e-8 of the size of
 * the sum, over h. No operator may have a kink within 2h of x.
 */
export const equalsDifferences = test.macro<[node: OneNode, options?: { step?: number }]>({
  title: (when, { opType }) => `the gradient of ${opType} equals differences: ${when}`,
  async exec(t, node, { step = 1 / 32 } = {}) {
    await forEachVariable(node, async (by, x, differentiable) => {
      const cotangents = cotangentsOf(differentiable);
      const { outputs, gradient } = await differentiable.run(node.inputs, cotangents);
      const lossAt = async (i: number, h: number): Promise<number> => {
        const data = x.data.with(i, (x.data[i] as number) + h);
        return sumOf(
          (await differentiable.run(node.inputs.with(by, { shape: x.shape, data }), cotangents)).outputs,
          cotangents,
        );
      };
      const difference = async (i: number, h: number): Promise<number> => (await lossAt(i, h)) - (await lossAt(i, -h));
      const rounding = (2e-7 * scaleOf(outputs, cotangents)) / step;
      const tolerance = 1e-4 * Math.max(...gradient.map(Math.abs)) + rounding;
      t.true(length(gradient) > 10 * rounding, `expected a gradient by input ${by}, got ${length(gradient)}`);
      for (const [i, derivative] of gradient.entries()) {
        const slope = (8 * (await difference(i, step)) - (await difference(i, 2 * step))) / (12 * step);
        const text = `d/d(input ${by})[${i}]: differences ${slope}, the rule ${derivative}, tolerance ${tolerance}`;
        t.true(Math.abs(slope - derivative) < tolerance, text);
      }
    });
  },
});

async function expectDirections(
  t: ExecutionContext,
  node: OneNode,
  by: number,
  differentiable: Differentiable,
  gradient: Float32Array,
  cotangents: ReadonlyMap<number, Float32Array>,
  step: number,
  tolerance: number,
): Promise<void> {
  const x = node.inputs[by] as Variable;
  const lossAt = async (direction: Float32Array, h: number): Promise<number> => {
    const data = x.data.map((value, i) => value + h * (direction[i] as number));
    const { outputs } = await differentiable.run(node.inputs.with(by, { shape: x.shape, data }), cotangents);
    return sumOf(outputs, cotangents);
  };
  for (let k = 0; k < 3; k++) {
    const direction = variable(x.shape, `direction ${k}`).data;
    const difference = ((await lossAt(direction, step)) - (await lossAt(direction, -step))) / (2 * step);
    const derivative = dot(gradient, direction);
    const size = length(gradient) * length(direction) + 1e-3;
    const text = `by input ${by}: difference ${difference}, derivative ${derivative}, size ${size}`;
    t.true(Math.abs(difference - derivative) < tolerance * size, text);
  }
}

/** For an operator that acts element by element: dX = dY f′(x), with f′ by differences in float64. */
export const equalsFunction = test.macro<[node: OneNode, f: (x: number) => number]>({
  title: (when, { opType }) => `the gradient of ${opType} is that of its function${when ? `: ${when}` : ''}`,
  async exec(t, node, f) {
    await forEachVariable(node, async (by, x, differentiable) => {
      const cotangents = cotangentsOf(differentiable);
      const { outputs, gradient } = await differentiable.run(node.inputs, cotangents);
      const dY = cotangents.get(0) as Float32Array;
      for (const [i, value] of x.data.entries()) {
        const h = 1e-5 * Math.max(1, Math.abs(value));
        const slope = (f(value + h) - f(value - h)) / (2 * h);
        const expected = (dY[i] as number) * slope;
        const y = outputs.get(0)?.[i] as number;
        t.true(Math.abs(y - f(value)) < 2e-5 * (1 + Math.abs(y)), `f(${value}) = ${f(value)}, got ${y}`);
        const error = Math.abs((gradient[i] as number) - expected);
        t.true(
          error < 3e-5 * (1 + Math.abs(expected)),
          `by input ${by} at ${value}: expected ${expected}, got ${gradient[i]}`,
        );
      }
    });
  },
});

/** The gradient by the only variable input at values that matter: kinks, ties, infinities. */
export const isExactly = test.macro<[node: OneNode, cotangent: readonly number[], expected: readonly number[]]>({
  title: (when, { opType }) => `the gradient of ${opType} ${when}`,
  async exec(t, node, cotangent, expected) {
    await forEachVariable(node, async (_, __, differentiable) => {
      const cotangents = new Map([...differentiable.outputs.keys()].map((i) => [i, Float32Array.from(cotangent)]));
      const { gradient } = await differentiable.run(node.inputs, cotangents);
      t.deepEqual(
        [...gradient].map((value) => value + 0),
        [...Float32Array.from(expected)],
      );
    });
  },
});

/** A form of an operator that its rule does not cover, of which the user is told. */
export const isRefused = test.macro<[node: OneNode, by: number, form: string]>({
  title: (when, { opType }) => `${opType} is refused${when ? ` ${when}` : ''}`,
  async exec(t, node, by, form) {
    const error = await t.throwsAsync(differentiateNode(node, by), { instanceOf: EngineError });
    t.is(error?.code, 'UNSUPPORTED_OP');
    t.is(error?.message, `expected ${node.opType} (node node) in a form with a gradient, got ${form}`);
  },
});
