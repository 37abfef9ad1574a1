import { EngineError } from '../../../errors.js';
import type { AttributeInputs, NodeDef } from '../../graph.js';
import { attributesWithout, attributeValue, describeNode } from '../../node.js';
import type { NodeWriter } from '../rewrite-nodes.js';
import type { Lowering } from './lowering.js';

/** act(Conv(X, W, B) + Z), where `activation` names act. */
export const fusedConv: Lowering = (node, writer) => {
  const [x, w, bias, z] = node.inputs;
  const parameters = attributeValue(node, 'activation_params', 'floats') ?? [];
  const plain = attributesWithout(node, 'activation', 'activation_params');
  const hasActivation = (attributeValue(node, 'activation', 'string') ?? '') !== '';
  const inner = z || hasActivation ? undefined : node.outputs;
  const product = writer.op('Conv', [x, w, bias], plain, inner);
  const sum = z ? writer.op('Add', [product, z], {}, hasActivation ? undefined : node.outputs) : product;
  if (hasActivation) activate(node, sum, parameters, writer);
};

/** act(Gemm(A, B, C)). */
export const fusedGemm: Lowering = (node, writer) => {
  const parameters = ['activation_alpha', 'activation_beta', 'activation_gamma'];
  const values = parameters.map((name) => attributeValue(node, name, 'float'));
  const plain = attributesWithout(node, 'activation', ...parameters);
  const hasActivation = (attributeValue(node, 'activation', 'string') ?? '') !== '';
  const product = writer.op('Gemm', node.inputs, plain, hasActivation ? undefined : node.outputs);
  if (hasActivation) activate(node, product, values, writer);
};

/** What the parameters of an activation are called, in their order. `Clip` has them as inputs. */
const ACTIVATIONS: Readonly<Record<string, readonly string[]>> = {
  Clip: [],
  Elu: ['alpha'],
  HardSigmoid: ['alpha', 'beta'],
  LeakyRelu: ['alpha'],
  Relu: [],
  Selu: ['alpha', 'gamma'],
  Sigmoid: [],
  Softplus: [],
  Softsign: [],
  Tanh: [],
  ThresholdedRelu: ['alpha'],
};

function activate(node: NodeDef, x: string, values: readonly (number | undefined)[], writer: NodeWriter): void {
  const name = attributeValue(node, 'activation', 'string') ?? '';
  const parameters = Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : undefined;
  if (parameters === undefined) {
    throw new EngineError('INVALID_MODEL', `expected a known activation of ${describeNode(node)}, got "${name}"`);
  }
  const bounds = name === 'Clip' ? values.slice(0, 2).map((value) => value !== undefined && writer.scalar(value)) : [];
  // The third parameter of a Gemm is γ, which of these only Selu has.
  const given = name === 'Selu' && values.length > 2 ? [values[0], values[2]] : values;
  const attributes: AttributeInputs = Object.fromEntries(
    parameters.flatMap((parameter, i) => {
      const value = given[i];
      return value === undefined ? [] : [[parameter, { float: value }]];
    }),
  );
  writer.op(name, [x, ...bounds.map((bound) => bound || undefined)], attributes, node.outputs);
}
