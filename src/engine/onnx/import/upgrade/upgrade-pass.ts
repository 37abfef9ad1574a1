import type { NodeDef } from '../../graph.js';
import type { NodeWriter } from '../rewrite-nodes.js';

/** How an operator is written in opset 18 that had another form, or another meaning, before. */
export interface UpgradePass {
  /** The first opset that needs no rewrite. */
  readonly before: number;
  /**
   * Writes the node in the form of opset 18.
   *
   * @param opset the operator set that the node is written in
   */
  rewrite(node: NodeDef, writer: NodeWriter, opset: number): void;
}
