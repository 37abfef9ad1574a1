import type { Network } from '../models/network.js';

/** A network, and how many examples were sent to another machine for it. */
export interface CountedNetwork {
  readonly network: Network;
  /** 0 of a network that runs here. */
  queries(): number;
}

/** Counts the examples that a remote network is asked about, with the padding that it is sent. */
export function countQueries(network: Network): CountedNetwork {
  const { engine, fixedBatch = 1 } = network.info;
  if (engine !== 'remote') return { network, queries: () => 0 };
  let count = 0;
  return {
    network: {
      ...network,
      predict(pixels, extraInputs) {
        const [rows = 0] = pixels.shape;
        count += Math.ceil(rows / fixedBatch) * fixedBatch;
        return network.predict(pixels, extraInputs);
      },
    },
    queries: () => count,
  };
}
