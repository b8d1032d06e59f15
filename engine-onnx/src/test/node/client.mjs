// Runs an exported language model without and with its cache, and prints the largest differences
// from the expected logits as JSON. Usage: node client.mjs CASE.json
import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const test = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { batch, time, vocabulary } = test;

/** input_ids of the columns from (inclusive) to (exclusive). */
function ids(from, to) {
  const values = [];
  for (let b = 0; b < batch; b++) {
    for (let t = from; t < to; t++) {
      values.push(BigInt(test.ids[b * time + t]));
    }
  }
  return new Tensor('int64', BigInt64Array.from(values), [batch, to - from]);
}

/** Largest difference of logits [batch, to - from, vocabulary] from those columns. */
function difference(logits, from, to) {
  if (logits.dims.join() !== [batch, to - from, vocabulary].join()) {
    throw new Error(`logits have shape ${logits.dims}`);
  }
  let worst = 0;
  for (let b = 0; b < batch; b++) {
    for (let t = from; t < to; t++) {
      for (let v = 0; v < vocabulary; v++) {
        const expected = test.logits[(b * time + t) * vocabulary + v];
        const actual = logits.data[(b * (to - from) + t - from) * vocabulary + v];
        const error = Math.abs(expected - actual);
        worst = Number.isNaN(error) ? Infinity : Math.max(worst, error);
      }
    }
  }
  return worst;
}

const whole = await InferenceSession.create(test.model);
const { logits } = await whole.run({ input_ids: ids(0, time) });
const uncached = difference(logits, 0, time);

const stepwise = await InferenceSession.create(test.cachedModel);
let cache = {};
for (const name of stepwise.inputNames.filter((n) => n.startsWith('past_key_values.'))) {
  cache[name] = new Tensor('float32', new Float32Array(0), [batch, test.heads, 0, test.headDim]);
}
let cached = 0;
let from = 0;
for (const to of [2, 3, time]) {
  const outputs = await stepwise.run({ input_ids: ids(from, to), ...cache });
  cached = Math.max(cached, difference(outputs.logits, from, to));
  cache = Object.fromEntries(
    Object.keys(cache).map((name) => [name, outputs[name.replace('past_key_values.', 'present.')]]),
  );
  from = to;
}
console.log(JSON.stringify({ uncached, cached, entries: Object.keys(cache).length }));
