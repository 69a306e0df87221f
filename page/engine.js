// ONNX Runtime for this browser: on its graphics processor by WebGPU, or else by WebAssembly.

// WebGPU comes in two forms. The smaller one needs a browser whose WebAssembly can wait for
// promises (JSPI).
const WAYS = {
  jspi: { module: "ort.jspi.min.mjs", glue: "ort-wasm-simd-threaded.jspi", provider: "webgpu" },
  asyncify: {
    module: "ort.webgpu.min.mjs", glue: "ort-wasm-simd-threaded.asyncify", provider: "webgpu",
  },
  wasm: { module: "ort.wasm.min.mjs", glue: "ort-wasm-simd-threaded", provider: "wasm" },
};
const MOST_DIFFERENT = 2 / 255;  // Between WebGPU and WebAssembly, before WebGPU is believed.
const MOST_THREADS = 8;

/**
 * The names of the ways that this browser offers, the fastest first.
 *
 * asked: "webgpu", "wasm", or "auto", which leaves out a graphics processor that is only imitated.
 */
export async function waysHere(asked) {
  const adapter = asked === "wasm" ? null : await navigator.gpu?.requestAdapter().catch(() => null);
  const real = adapter && (asked === "webgpu" || !adapter.info?.isFallbackAdapter);
  if (!real) return ["wasm"];
  return ["Suspending" in WebAssembly ? "jspi" : "asyncify", "wasm"];
}

/** How many threads to paint with: all of few processors, half of many, which are rarely alike. */
export function threadsHere() {
  if (!self.crossOriginIsolated) return 1;
  const processors = navigator.hardwareConcurrency || 1;
  return processors <= 4 ? processors : Math.min(Math.ceil(processors / 2), MOST_THREADS);
}

async function mostNumbersInABuffer() {
  const adapter = await navigator.gpu.requestAdapter();
  return adapter.limits.maxStorageBufferBindingSize / Float32Array.BYTES_PER_ELEMENT;
}

export class Engine {
  /**
   * Fetches and starts one of the `WAYS`.
   *
   * table: networks.json. base: the address of the page. progress: called with (bytes, all).
   */
  static async start(name, { runtime, convolutions }, base, progress) {
    const way = WAYS[name];
    const folder = new URL(`${runtime.folder}/`, base);
    const packed = `${way.glue}.wasm.gz`;
    const wasm = await fetched(new URL(packed, folder), (bytes) =>
      progress(bytes, runtime.bytes[packed]));
    const ort = await import(new URL(way.module, folder));
    ort.env.logLevel = "error";
    ort.env.wasm.numThreads = threadsHere();
    ort.env.wasm.wasmPaths = { mjs: new URL(`${way.glue}.mjs`, folder).href };
    ort.env.wasm.wasmBinary = await unpacked(wasm);
    const engine = new Engine(ort, way.provider);
    engine.mostNumbers = engine.isGpu ? await mostNumbersInABuffer() : Infinity;
    engine.convolutions = [];
    for (const file of convolutions) {  // WebGPU begins one session after another.
      engine.convolutions.push(await engine.session(new URL(file, base).href));
    }
    return engine;
  }

  constructor(ort, provider) {
    this.ort = ort;
    this.provider = provider;
    this.isGpu = provider === "webgpu";
  }

  /** As the page shows it. */
  get label() {
    if (this.isGpu) return "WebGPU";
    const threads = this.ort.env.wasm.numThreads;
    return `WebAssembly, ${threads} ${threads === 1 ? "thread" : "threads"}`;
  }

  session(model, provider = this.provider) {
    const how = { executionProviders: [provider], enableCpuMemArena: false, logSeverityLevel: 3 };
    return this.ort.InferenceSession.create(model, how);
  }

  tensor(values, shape) {
    return new this.ort.Tensor("float32", values, shape);
  }

  /** A convolution without padding of planes, with a network's weights. */
  async convolve({ channels, height, width, values }, kernel, bias, stride) {
    const { convolved } = await this.convolutions[stride - 1].run({
      values: this.tensor(values, [1, channels, height, width]),
      kernel: this.tensor(kernel.values, kernel.shape),
      bias: this.tensor(bias.values, bias.shape),
    });
    const [, out, rows, columns] = convolved.dims;
    return { channels: out, height: rows, width: columns, values: convolved.data };
  }

  /** Throws unless a session gives what the same model gives without the graphics processor. */
  async check(session, model, feeds) {
    if (!this.isGpu) return;
    const reference = await this.session(model, "wasm");
    const [one, other] = [await session.run(feeds), await reference.run(feeds)];
    await reference.release();
    const [got, expected] = [one.painted.data, other.painted.data];
    if (!got.every((value, i) => Math.abs(value - expected[i]) <= MOST_DIFFERENT)) {
      throw new Error("This graphics processor paints a different picture from the CPU.");
    }
  }
}

/** The bytes of a file. progress: called with how many have come, before they have been unpacked. */
export async function fetched(url, progress = () => {}) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const parts = [];
  let count = 0;
  for (const reader = response.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    progress(count += value.length);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** What gzip packed; the same, if a host has unpacked it already. */
async function unpacked(bytes) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.buffer;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}
