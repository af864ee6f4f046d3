export { describeDeveloper, describePurpose } from '#protocol/api/job-words.ts';
export { describeNext } from '#protocol/api/next-steps.ts';
export { describeReason } from '#protocol/api/sentences.ts';
