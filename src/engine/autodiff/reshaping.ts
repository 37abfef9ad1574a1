import { reshape } from './emit.js';
import { unary } from './unary.js';

/** The rule of every operator that only rearranges the shape: the way back is a reshape to the shape of the input. */
export const reshaping = unary((g, node, dY) => reshape(g, dY, node.input(0).shape));
