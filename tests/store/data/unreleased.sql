BEGIN TRANSACTION;
CREATE TABLE measurements (
	run_id VARCHAR(64) NOT NULL, 
	point_id VARCHAR(128) NOT NULL, 
	position INTEGER NOT NULL, 
	scenario TEXT NOT NULL, 
	concurrency INTEGER, 
	request_rate FLOAT, 
	metrics JSON NOT NULL, 
	PRIMARY KEY (run_id, point_id, position), 
	FOREIGN KEY(run_id, point_id) REFERENCES results (run_id, point_id) ON DELETE CASCADE
);
INSERT INTO "measurements" VALUES('20261123-031142-ab12cd','p1',0,'D(100,100)',4,NULL,'{"ttft_ms": {"mean": 10.0, "p99": 12.5}, "tpot_ms": {"mean": 2.0}, "output_tokens_per_s": 100.0, "duration_s": 1.5, "error_rate": 0.0, "completed": 3, "failed": 0}');
INSERT INTO "measurements" VALUES('20261123-031142-ab12cd','p1',1,'D(1,1)',NULL,2.5,'{"ttft_ms": {"mean": 10.0, "p99": 12.5}, "tpot_ms": {"mean": 2.0}, "output_tokens_per_s": 100.0, "duration_s": 1.5, "error_rate": 0.0, "completed": 3, "failed": 0}');
INSERT INTO "measurements" VALUES('20261124-031142-cd34ef','p1',0,'D(100,100)',4,NULL,'{"ttft_ms": {"mean": 10.0, "p99": 12.5}, "tpot_ms": {"mean": 2.0}, "output_tokens_per_s": 100.0, "duration_s": 1.5, "error_rate": 0.0, "completed": 3, "failed": 0}');
INSERT INTO "measurements" VALUES('20261124-031142-cd34ef','p1',1,'D(1,1)',NULL,2.5,'{"ttft_ms": {"mean": 10.0, "p99": 12.5}, "tpot_ms": {"mean": 2.0}, "output_tokens_per_s": 100.0, "duration_s": 1.5, "error_rate": 0.0, "completed": 3, "failed": 0}');
CREATE TABLE results (
	run_id VARCHAR(64) NOT NULL, 
	point_id VARCHAR(128) NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	overrides JSON NOT NULL, 
	config JSON NOT NULL, 
	deployment JSON NOT NULL, 
	applied_layers JSON NOT NULL, 
	origin JSON NOT NULL, 
	best INTEGER, 
	score FLOAT, 
	failure JSON, 
	started_at VARCHAR(40), 
	finished_at VARCHAR(40), 
	attempts INTEGER NOT NULL, 
	PRIMARY KEY (run_id, point_id), 
	FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE
);
INSERT INTO "results" VALUES('20261123-031142-ab12cd','p1','done','measured','["parallel.tp=1"]','{"parallel": {"tp": 1}}','{"argv": ["vllm"], "gpus": 1}','["base"]','{"parallel.tp": "override parallel.tp=1"}',1,-5.0,NULL,'2026-11-23T03:12:00+00:00','2026-11-23T03:13:00+00:00',1);
INSERT INTO "results" VALUES('20261123-031142-ab12cd','p2','failed','measured','["parallel.tp=2"]','{"parallel": {"tp": 2}}','{"argv": ["vllm"]}','[]','{}',NULL,NULL,'{"kind": "out_of_memory", "message": "CUDA out of memory", "remedy": "use less", "log_tail": "tail"}',NULL,NULL,2);
INSERT INTO "results" VALUES('20261124-031142-cd34ef','p1','done','measured','["parallel.tp=1"]','{"parallel": {"tp": 1}}','{"argv": ["vllm"], "gpus": 1}','["base"]','{"parallel.tp": "override parallel.tp=1"}',1,-5.0,NULL,'2026-11-23T03:12:00+00:00','2026-11-23T03:13:00+00:00',1);
INSERT INTO "results" VALUES('20261124-031142-cd34ef','p2','failed','measured','["parallel.tp=2"]','{"parallel": {"tp": 2}}','{"argv": ["vllm"]}','[]','{}',NULL,NULL,'{"kind": "out_of_memory", "message": "CUDA out of memory", "remedy": "use less", "log_tail": "tail"}',NULL,NULL,2);
CREATE TABLE runs (
	run_id VARCHAR(64) NOT NULL, 
	fingerprint VARCHAR(64) NOT NULL, 
	executor VARCHAR(32) NOT NULL, 
	points JSON NOT NULL, 
	inputs JSON NOT NULL, 
	created_at VARCHAR(40) NOT NULL, 
	finished_at VARCHAR(40), 
	PRIMARY KEY (run_id)
);
INSERT INTO "runs" VALUES('20261123-031142-ab12cd','f0','local','["p1", "p2"]','{"overrides": ["parallel.tp=1,2"], "task": null, "task_path": null, "cwd": "/here", "multirun": true, "config_dirs": [], "denied": []}','2026-11-23T03:11:42+00:00','2026-11-23T04:00:00+00:00');
INSERT INTO "runs" VALUES('20261124-031142-cd34ef','f1','local','["p1", "p2"]','{"overrides": ["parallel.tp=1,2"], "task": "parallel:\n  tp: 2\n", "task_path": "task.yaml", "cwd": "/here", "multirun": true, "config_dirs": [], "denied": []}','2026-11-23T03:11:42+00:00',NULL);
CREATE TABLE schema_version (
	version INTEGER NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO "schema_version" VALUES(1);
CREATE INDEX runs_by_fingerprint ON runs (fingerprint);
COMMIT;
