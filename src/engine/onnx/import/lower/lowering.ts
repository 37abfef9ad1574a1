import type { NodeDef } from '../../graph.js';
import type { NodeWriter } from '../rewrite-nodes.js';

/** What a lowering can ask about the graph around a node. */
export interface LoweringContext {
  /** Whether a value of whole numbers is only moved and cast, so that it can as well be float32. */
  mayBeFloat(name: string): boolean;
}

/**
 * Writes what an operator that ONNX Runtime adds to ONNX does, or one that computes in whole numbers, in standard float32
 * operators; or the node as it is, where it does something that they cannot do.
 */
export type Lowering = (node: NodeDef, writer: NodeWriter, context: LoweringContext) => void;
