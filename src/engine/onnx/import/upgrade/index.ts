import type { GraphDef } from '../../graph.js';
import type { FreshNames } from '../fresh-names.js';
import { rewriteNodes } from '../rewrite-nodes.js';
import { axesInput } from './axes-input.js';
import { batchNormalization } from './batch-normalization.js';
import { clip } from './clip.js';
import { dropout } from './dropout.js';
import { pad } from './pad.js';
import { resize, upsample } from './resize.js';
import { roiAlign } from './roi-align.js';
import { scan } from './scan.js';
import { scatter } from './scatter.js';
import { slice } from './slice.js';
import { softmax } from './softmax.js';
import { split } from './split.js';
import { topK } from './top-k.js';
import type { UpgradePass } from './upgrade-pass.js';

/** The operator set that rules are written for. */
export const TARGET_OPSET = 18;

/**
 * Every operator of opset 7 … 17 that is not the same in opset 18. All others only took more element types since, or
 * attributes and inputs whose default is what they did before.
 * Source: https://github.com/onnx/onnx/blob/main/docs/Changelog.md
 */
const PASSES: Readonly<Record<string, UpgradePass>> = {
  BatchNormalization: batchNormalization,
  Clip: clip,
  Dropout: dropout,
  Hardmax: softmax,
  LogSoftmax: softmax,
  Pad: pad,
  ReduceL1: axesInput(18),
  ReduceL2: axesInput(18),
  ReduceLogSum: axesInput(18),
  ReduceLogSumExp: axesInput(18),
  ReduceMax: axesInput(18),
  ReduceMean: axesInput(18),
  ReduceMin: axesInput(18),
  ReduceProd: axesInput(18),
  ReduceSum: axesInput(13),
  ReduceSumSquare: axesInput(18),
  Resize: resize,
  RoiAlign: roiAlign,
  Scan: scan,
  Scatter: scatter,
  Slice: slice,
  Softmax: softmax,
  Split: split,
  Squeeze: axesInput(13),
  TopK: topK,
  Unsqueeze: axesInput(13),
  Upsample: upsample,
};

/**
 * A graph whose nodes are written in `opset`, in opset 18 or in that one if it is newer.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when a node lacks what its operator needs.
 */
export function upgradeGraph(graph: GraphDef, opset: number, names: FreshNames): GraphDef {
  if (opset >= TARGET_OPSET) return graph;
  return rewriteNodes(graph, {
    names,
    find({ domain, opType }) {
      const pass = domain === '' && Object.hasOwn(PASSES, opType) ? PASSES[opType] : undefined;
      if (pass === undefined || opset >= pass.before) return undefined;
      return (node, writer) => pass.rewrite(node, writer, opset);
    },
  });
}
