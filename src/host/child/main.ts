// What a host process runs: `node main.js OPTIONS`, with the gateway at the other end of file descriptor 3.
import { Socket } from 'node:net';
import { loadServedModel } from '../../engine/index.js';
import { openRemoteModel } from '../remote/open-remote-model.js';
import { runHost } from './run-host.js';

runHost(new Socket({ fd: 3 }), process.argv[2] ?? '{}', (source, options) =>
  loadServedModel(source, { ...options, openRemote: openRemoteModel }),
);
