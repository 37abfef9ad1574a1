import { EngineError } from '../errors.js';
import type { Shape } from '../tensor/shape.js';
import type { AttributeInputs, GraphBuilder, NodeDef, StaticGraph, TensorValue, Value } from './graph.js';
import { inferShapes } from './infer-shapes.js';
import { attributesOf } from './node.js';
import { float32Tensor, int64Tensor, numbersOf } from './tensor-value.js';

/** A graph that grows: `base`, with what is appended to it. */
export interface GrowingGraph extends GraphBuilder {
  /** An input beside those of `base`. */
  addInput(name: string, dataType: Value['dataType'], shape: Shape): Value;
  /** Gives a value a name of its own choosing, under which it can be fetched. */
  named(value: Value, name: string): Value;
  /** What has grown, with these outputs. */
  finish(outputs: readonly Value[]): StaticGraph;
}

const EMPTY: Pick<StaticGraph, 'inputs' | 'nodes' | 'constants' | 'values'> = {
  inputs: [],
  nodes: [],
  constants: new Map(),
  values: new Map(),
};

/** Names that we make; no exporter begins one so. */
const PREFIX = 'robustgate::';

export function growGraph(base: typeof EMPTY = EMPTY, opset = 18): GrowingGraph {
  const inputs = [...base.inputs];
  const nodes: NodeDef[] = [...base.nodes];
  const constants = new Map(base.constants);
  const values = new Map(base.values);
  /** Small constants that are asked for again and again. */
  const interned = new Map<string, Value>();

  function declare(value: Value): Value {
    if (values.has(value.name)) throw new EngineError('INTERNAL', `expected a new name, got ${value.name}`);
    values.set(value.name, value);
    return value;
  }

  function freshName(what: string): string {
    let number = values.size;
    while (values.has(`${PREFIX}${what}/${number}`)) number++;
    return `${PREFIX}${what}/${number}`;
  }

  function constant(tensor: TensorValue): Value {
    const { dataType, shape } = tensor;
    const value = declare({ name: freshName('constant'), dataType, shape });
    constants.set(value.name, tensor);
    return value;
  }

  function intern(key: string, make: () => TensorValue): Value {
    const value = interned.get(key) ?? constant(make());
    interned.set(key, value);
    return value;
  }

  const constantOf = (value: Value): TensorValue | undefined => constants.get(value.name);
  const integersOf = (value: Value): readonly number[] | undefined => {
    const tensor = constantOf(value);
    return tensor && numbersOf(tensor);
  };

  function ops(
    opType: string,
    operands: readonly (Value | undefined)[],
    attributes: AttributeInputs,
    outputCount: number,
  ): readonly Value[] {
    const types = inferShapes(opType, operands, attributes, outputCount, integersOf);
    const outputs = types.map((type) => declare({ name: freshName(opType), ...type }));
    nodes.push({
      opType,
      domain: '',
      name: outputs[0]?.name ?? '',
      inputs: operands.map((operand) => operand?.name ?? ''),
      outputs: outputs.map(({ name }) => name),
      attributes: attributesOf(attributes),
    });
    return outputs;
  }

  const op: GraphBuilder['op'] = (opType, operands, attributes = {}) =>
    ops(opType, operands, attributes, 1)[0] as Value;

  return {
    op,
    ops,
    constant,
    constantOf,
    scalar: (value) =>
      intern(`scalar ${Object.is(value, -0) ? '-0' : value}`, () => float32Tensor(Float32Array.of(value), [])),
    floats: (data, shape) => constant(float32Tensor(data, shape)),
    integers: (list) => intern(`integers ${list}`, () => int64Tensor(list)),
    addInput(name, dataType, shape) {
      const value = declare({ name, dataType, shape });
      inputs.push(value);
      return value;
    },
    named(value, name) {
      const renamed = declare({ ...value, name });
      nodes.push({
        opType: 'Identity',
        domain: '',
        name,
        inputs: [value.name],
        outputs: [name],
        attributes: new Map(),
      });
      return renamed;
    },
    finish: (outputs) => ({ inputs, outputs, nodes, constants, values, opset }),
  };
}
