// The connections that ask, in a thread of their own: it has little memory to tidy up, so that what is measured is the server.

import { Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

/** More than the bytes of any head. */
const HEAD = 4096;

/** One connection that is kept open, and read no further than is needed to see the end of an answer. */
class Lane {
  constructor(host, port) {
    this.socket = new Socket().setNoDelay(true).connect(port, host);
    this.socket.on('data', (data) => this.take(data));
    this.socket.on('error', (error) => this.reject?.(error));
    this.socket.on('close', () => this.reject?.(new Error('the server closed the connection')));
    this.start();
  }

  start() {
    this.head = '';
    this.left = -1;
  }

  take(data) {
    let length = data.length;
    if (this.left < 0) {
      // What a head has no room for is not looked at.
      const before = this.head.length;
      this.head += data.toString('latin1', 0, HEAD);
      const end = this.head.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.code = Number(this.head.slice(9, 12));
      // An answer without a length comes in chunks, the last of which is empty.
      this.left = Number(this.head.slice(0, end).match(/content-length: (\d+)/i)?.[1] ?? Infinity);
      length = before + data.length - end - 4;
    }
    this.left -= length;
    if (this.left === 0 || (this.left === Infinity && data.subarray(-5).toString('latin1') === '0\r\n\r\n')) {
      this.start();
      this.resolve(this.code);
    }
  }

  ask(text) {
    return new Promise((resolve, reject) => {
      Object.assign(this, { resolve, reject });
      this.socket.write(text);
    });
  }
}

const { hostname, port, requests, lanes } = workerData;
const times = new Float64Array(requests.length);
let sent = 0;
const lane = async () => {
  const connection = new Lane(hostname, port);
  while (sent < requests.length) {
    const at = sent++;
    const began = performance.now();
    const code = await connection.ask(requests[at]);
    times[at] = performance.now() - began;
    if (code !== 200) throw new Error(`${requests[at].slice(0, requests[at].indexOf('\r'))}: ${code}`);
  }
  connection.reject = undefined;
  connection.socket.destroy();
};
const began = performance.now();
await Promise.all(Array.from({ length: lanes }, lane));
parentPort.postMessage({ times: times.sort(), seconds: (performance.now() - began) / 1000 });
