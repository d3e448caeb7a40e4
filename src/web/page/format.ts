// The end-to-end format without the page, for the tests that compare it with tests/vectors/format_1.json.

export * from "./bytes";
export * from "./container";
export * from "./links";
export * from "./sealing";
