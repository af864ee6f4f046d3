export { messages } from './first.po';
export * from './reasons.ts';
