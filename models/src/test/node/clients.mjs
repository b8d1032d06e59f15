// Runs exported checkpoints as their users would, and prints what comes out as JSON, case by case.
// Usage: node clients.mjs CASES.json, a list of { client, parent, name, ... } with tensors as
// { type, shape, data }.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  env,
  AutoModel,
  AutoModelForCausalLM,
  AutoModelForImageClassification,
  AutoModelForSeq2SeqLM,
  Tensor,
} from '@huggingface/transformers';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';

env.allowRemoteModels = false;
const NO_END = -1; // an id that no token has: every text gets all its tokens

function array(type, data) {
  return type === 'int64' ? BigInt64Array.from(data, BigInt) : Float32Array.from(data);
}

function tensors(described, kind) {
  return Object.fromEntries(
    Object.entries(described).map(([name, { type, shape, data }]) => [
      name,
      new kind(type, array(type, data), shape),
    ]),
  );
}

/** The model of a case; the layout that transformers.js expects needs no subfolder. */
function load(type, test) {
  env.localModelPath = test.parent;
  const place = test.subfolder === undefined ? {} : { subfolder: test.subfolder };
  return type.from_pretrained(test.name, { dtype: 'fp32', ...place });
}

const numbers = (tensor) => tensor.tolist().flat(Infinity).map(Number);

/** Greedy tokens by transformers.js. */
async function generate(type, test) {
  const model = await load(type, test);
  const sequences = await model.generate({
    ...tensors(test.inputs, Tensor),
    max_new_tokens: test.tokens,
    do_sample: false,
    eos_token_id: NO_END,
    forced_eos_token_id: null,
  });
  return numbers(sequences);
}

/** One output of one run by transformers.js. */
async function run(type, test) {
  const model = await load(type, test);
  const outputs = await model(tensors(test.inputs, Tensor));
  return numbers(outputs[test.output]);
}

/** Index of the largest of the last logits of each row. */
function best({ data, dims: [rows, time, vocabulary] }) {
  return Array.from({ length: rows }, (_, row) => {
    const start = (row * time + time - 1) * vocabulary;
    let at = 0;
    for (let i = 1; i < vocabulary; i++) {
      if (data[start + i] > data[start + at]) at = i;
    }
    return at;
  });
}

/** Greedy tokens of a decoder by onnxruntime-node alone, through the cache. */
async function decode(test) {
  const session = await InferenceSession.create(join(test.parent, test.name, 'model.onnx'));
  const feeds = tensors(test.inputs, OrtTensor);
  const [rows, prompt] = feeds.input_ids.dims;
  for (const { name, shape } of session.inputMetadata) {
    if (name.startsWith('past_key_values.')) {
      const dims = shape.map((size) => ({ batch_size: rows, past_sequence_length: 0 })[size] ?? size);
      feeds[name] = new OrtTensor('float32', new Float32Array(0), dims);
    }
  }
  const mask = Array.from({ length: rows }, () => Array(prompt).fill(1));
  const texts = Array.from({ length: rows }, (_, row) =>
    test.inputs.input_ids.data.slice(row * prompt, (row + 1) * prompt),
  );
  for (let step = 0; step < test.tokens; step++) {
    const length = step === 0 ? prompt : 1;
    const from = step === 0 ? 0 : prompt + step - 1;
    const positions = texts.flatMap((text) => text.slice(from).map((_, i) => BigInt(from + i)));
    feeds.position_ids = new OrtTensor('int64', BigInt64Array.from(positions), [rows, length]);
    feeds.attention_mask = new OrtTensor('int64', BigInt64Array.from(mask.flat(), BigInt), [
      rows,
      mask[0].length,
    ]);
    const needed = session.inputNames.map((name) => [name, feeds[name]]);
    const outputs = await session.run(Object.fromEntries(needed));
    const tokens = best(outputs.logits);
    tokens.forEach((token, row) => texts[row].push(token));
    mask.forEach((row) => row.push(1));
    feeds.input_ids = new OrtTensor('int64', BigInt64Array.from(tokens, BigInt), [rows, 1]);
    for (const [name, tensor] of Object.entries(outputs)) {
      if (name.startsWith('present.')) {
        feeds[name.replace('present.', 'past_key_values.')] = tensor;
      }
    }
  }
  return texts.flat();
}

const CLIENTS = {
  decoder: (test) => generate(AutoModelForCausalLM, test),
  translator: (test) => generate(AutoModelForSeq2SeqLM, test),
  encoder: (test) => run(AutoModel, test),
  image: (test) => run(AutoModelForImageClassification, test),
  runtime: decode,
};

const results = [];
for (const test of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  results.push(await CLIENTS[test.client](test));
}
console.log(JSON.stringify(results));
