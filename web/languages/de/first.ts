export { messages } from './first.po';
export { describeDeveloper, describePurpose } from './job-words.ts';
export { describeNext, describeReason } from './reasons.ts';
