/** The part of WebAssembly's JavaScript interface that lines.ts uses: Node has it, its types leave it to the browser's. */
declare namespace WebAssembly {
  class Module {
    constructor(binary: Uint8Array);
  }
  class Instance {
    constructor(module: Module);
    readonly exports: Readonly<Record<string, unknown>>;
  }
  type Memory = { readonly buffer: ArrayBuffer };
}
