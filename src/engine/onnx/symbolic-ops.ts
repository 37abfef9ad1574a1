import { sizeOf, withoutAxes } from '../tensor/shape.js';
import type { TensorOps } from '../tensor/tensor-ops.js';
import { DATA_TYPES, type DataType } from './data-types.js';
import type { GraphBuilder, Value } from './graph.js';

/** The smallest float32 that is finite: what a class that does not count is given before a maximum is taken. */
const LOWEST = -3.4028234663852886e38;

/**
 * `TensorOps` that appends nodes to a graph instead of computing: a loss becomes a part of the program, and is
 * differentiated by the same rules as the network. Labels are float32 values; masks may be bool ones.
 *
 * @param stopped takes the names of values that differentiation must take for constants
 */
export function symbolicOps(g: GraphBuilder, stopped: Set<string>): TensorOps<Value> {
  const cast = (a: Value, dataType: DataType): Value =>
    a.dataType === dataType ? a : g.op('Cast', [a], { to: DATA_TYPES[dataType] });

  function pick(a: Value, indices: Value, axis: number): Value {
    const axes = g.integers([axis]);
    return g.op('Squeeze', [g.op('GatherElements', [a, g.op('Unsqueeze', [indices, axes])], { axis }), axes]);
  }

  return {
    constant: (value) => g.scalar(value),
    add: (a, b) => g.op('Add', [a, b]),
    sub: (a, b) => g.op('Sub', [a, b]),
    mul: (a, b) => g.op('Mul', [a, b]),
    div: (a, b) => g.op('Div', [a, b]),
    abs: (a) => g.op('Abs', [a]),
    exp: (a) => g.op('Exp', [a]),
    log: (a) => g.op('Log', [a]),
    erf: (a) => g.op('Erf', [a]),
    // Not `Max`, which has no WebGPU kernel: its inputs would be copied to the CPU and back.
    maximum: (a, b) => g.op('Where', [g.op('Greater', [a, b]), a, b]),
    greater: (a, b) => cast(g.op('Greater', [a, b]), 'float32'),
    where: (mask, a, b) => g.op('Where', [cast(mask, 'bool'), a, b]),
    lookUp: (table, a) => g.op('Gather', [g.floats(Float32Array.from(table), [table.length]), cast(a, 'int64')]),
    // `ReduceSum` with an empty list of axes would sum over all of them.
    sum: (a, axes) => (axes.length === 0 ? a : g.op('ReduceSum', [a, g.integers(axes)], { keepdims: 0 })),
    reshape: (a, shape) => g.op('Reshape', [a, g.integers(shape)]),
    logSoftmax: (a, axis) => g.op('LogSoftmax', [a], { axis }),
    pickClass: (a, labels, axis) => pick(a, cast(labels, 'int64'), axis),

    maxOtherClass(a, labels, axis) {
      const classes = a.shape[axis] ?? 0;
      const ids = g.floats(
        Float32Array.from({ length: classes }, (_, c) => c),
        a.shape.map((_, other) => (other === axis ? classes : 1)),
      );
      const isLabel = g.op('Equal', [ids, g.op('Unsqueeze', [cast(labels, 'float32'), g.integers([axis])])]);
      const others = g.op('Where', [isLabel, g.scalar(LOWEST), a]);
      // The first of several that are largest takes the whole derivative, as it is the one that is predicted.
      return pick(a, g.op('ArgMax', [others], { axis, keepdims: 0 }), axis);
    },

    predictedClass: (a, axis) => cast(g.op('ArgMax', [a], { axis, keepdims: 0 }), 'float32'),

    topClasses(a, k, axis) {
      const [values] = g.ops('TopK', [a, g.integers([k])], { axis }, 2) as [Value];
      const shape = withoutAxes(a.shape, [axis]);
      return Array.from({ length: k }, (_, rank) => {
        const [start, end, axes] = [g.integers([rank]), g.integers([rank + 1]), g.integers([axis])];
        return g.op('Reshape', [g.op('Slice', [values, start, end, axes]), g.integers(shape)]);
      });
    },

    stopGradient(a) {
      // A name of its own: others may read `a` with its derivative.
      const constant = sizeOf(a.shape) === 0 ? a : g.op('Identity', [a]);
      stopped.add(constant.name);
      return constant;
    },
  };
}
