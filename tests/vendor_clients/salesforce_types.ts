// What Salesforce is sent and answers, as jsforce types it. JSON Schemas are made of these when the tests run.
import type { DescribeSObjectResult, QueryResult, Record, SaveError, SaveResult } from "jsforce";
import type { IngestJobV2SuccessfulResults, JobInfoV2 } from "jsforce/lib/api/bulk2.js";

export type Query = QueryResult<Record>;
export type Describe = DescribeSObjectResult;
export type Saved = SaveResult;
export type SavedByTooling = SaveResult & { warnings: object[]; infos: object[] };
export type AllSaved = SaveResult[];
export type Retrieved = (Record | null)[];
export type JobOrder = Pick<JobInfoV2, "object" | "operation"> &
  Partial<Pick<JobInfoV2, "assignmentRuleId" | "columnDelimiter" | "externalIdFieldName" | "lineEnding" | "contentType">>;
export type JobState = Pick<JobInfoV2, "state">;
export type JobPart = Partial<JobInfoV2>;
export type Job = JobInfoV2;
export type JobResults = IngestJobV2SuccessfulResults<{ Id: string }>;
export type Refusal = SaveError[];
