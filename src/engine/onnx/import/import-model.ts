import { EngineError } from '../../errors.js';
import type { DataType } from '../data-types.js';
import { irVersionFor } from '../encode-model.js';
import type { GraphDef, ModelDef } from '../graph.js';
import { flattenControlFlow } from './flatten-control-flow.js';
import { freshNames } from './fresh-names.js';
import { inlineFunctions } from './inline-functions.js';
import { liftConstants } from './lift-constants.js';
import { lowerOperators } from './lower/index.js';
import { sortNodes } from './sort-nodes.js';
import { toFloat32 } from './to-float32.js';
import { TARGET_OPSET, upgradeGraph } from './upgrade/index.js';
import { floatInputs } from './whole-numbers.js';

/** Oldest operator set that is read. Before 7, operators broadcast by rules of their own. */
export const OLDEST_OPSET = 7;

/** Newest one that the ONNX Runtime in use takes, and whose operators were looked at. */
export const NEWEST_OPSET = 26;

/** Domains whose operators ONNX Runtime knows; all others are those of functions. */
const OWN_DOMAINS = new Set(['', 'ai.onnx.ml', 'com.microsoft', 'ai.onnx.training', 'ai.onnx.preview.training']);

/** A model in the one form that the engine works on. */
export interface ImportedModel extends ModelDef {
  /**
   * Inputs and outputs whose element type in the file, which is served, is another one than here, where it is float32:
   * that type by their name.
   */
  readonly fileTypes: ReadonlyMap<string, DataType>;
}

/**
 * A model in the one form that the engine works on: opset 18 or the file's own newer one, float32 instead of other floating
 * point types, standard operators instead of those of ONNX Runtime where these are easily told in them, no functions, no
 * branches and loops that are decided by constants, every constant an initializer, nodes in topological order. Values keep
 * the names that they have in the file.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when the graph makes no sense: cycles, names that are used before or defined
 *   twice, an operator set that is missing, too old or unknown.
 */
export function importModel(model: ModelDef): ImportedModel {
  const opset = model.opsets.get('');
  if (opset === undefined || !(opset >= OLDEST_OPSET && opset <= NEWEST_OPSET)) {
    throw new EngineError(
      'INVALID_MODEL',
      `expected an opset of ${OLDEST_OPSET} … ${NEWEST_OPSET}, got ${opset ?? 'none'}`,
    );
  }
  const graph = importGraph(model, opset);
  const target = Math.max(TARGET_OPSET, opset);
  return {
    irVersion: irVersionFor(target),
    opsets: new Map([...model.opsets].filter(([domain]) => OWN_DOMAINS.has(domain))).set('', target),
    graph,
    functions: [],
    producer: model.producer,
    fileTypes: fileTypesOf(model.graph, graph),
  };
}

function importGraph(model: ModelDef, opset: number): GraphDef {
  const names = freshNames(model);
  const checked = sortNodes(liftConstants(dropInitializedInputs(model.graph)));
  const upgraded = upgradeGraph(checked, opset, names);
  const inlined = inlineFunctions({ ...model, graph: upgraded }, names, (body, own) =>
    upgradeGraph(liftConstants(body), own, names),
  );
  const flat = flattenControlFlow(sortNodes(inlined), names);
  return sortNodes(floatInputs(toFloat32(lowerOperators(flat, names)), names));
}

/** Initializers that are also inputs are defaults, which we always take: as constants they can be folded. */
function dropInitializedInputs(graph: GraphDef): GraphDef {
  return { ...graph, inputs: graph.inputs.filter(({ name }) => !graph.initializers.has(name)) };
}

function fileTypesOf(file: GraphDef, imported: GraphDef): ReadonlyMap<string, DataType> {
  const types = new Map([...file.inputs, ...file.outputs].map(({ name, dataType }) => [name, dataType]));
  return new Map(
    [...imported.inputs, ...imported.outputs].flatMap(({ name, dataType }): [string, DataType][] => {
      const inFile = types.get(name);
      return inFile === undefined || inFile === dataType ? [] : [[name, inFile]];
    }),
  );
}
