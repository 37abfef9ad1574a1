import { findMember } from '../find-member.js';
import { bce } from './bce.js';
import { crossEntropy } from './cross-entropy.js';
import { dlr } from './dlr.js';
import { houdini, houdiniOneSided } from './houdini.js';
import { l1 } from './l1.js';
import type { Loss } from './loss.js';
import { margin } from './margin.js';
import { mse } from './mse.js';

/** Every loss, by the name that `model.yaml` and requests give it, one line each, in alphabetical order. */
const losses: Readonly<Record<string, Loss>> = {
  bce,
  'cross-entropy': crossEntropy,
  dlr,
  houdini,
  'houdini-one-sided': houdiniOneSided,
  l1,
  margin,
  mse,
};

export const lossNames: readonly string[] = Object.keys(losses);

/** @throws EngineError `INVALID_OPTION`. Thrown when there is no such loss. */
export const findLoss = (name: string): Loss => findMember('loss', losses, name);
