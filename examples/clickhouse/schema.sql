-- Clicks of Tinygrid, as `npm run clicks -- --follow` writes them. A line that comes twice counts once.
CREATE TABLE IF NOT EXISTS clicks
(
    id String,
    code String,
    at DateTime64(3, 'UTC'),
    kind LowCardinality(String),
    botName LowCardinality(String),
    country LowCardinality(String),
    asn UInt32,
    network LowCardinality(String),
    networkType LowCardinality(String),
    browser LowCardinality(String),
    os LowCardinality(String),
    device LowCardinality(String),
    referrer String,
    language LowCardinality(String),
    utmSource String,
    utmMedium String,
    utmCampaign String,
    visitor String,
    status UInt16,
    rule UInt8,
    node LowCardinality(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (code, at, id);

-- Visitors and clicks by the hour, made as clicks come. Both are sets, so a click that comes twice changes nothing.
CREATE TABLE IF NOT EXISTS clicks_by_hour
(
    hour DateTime('UTC'),
    code String,
    country LowCardinality(String),
    clicks AggregateFunction(uniqExact, String),
    visitors AggregateFunction(uniqExact, String)
)
ENGINE = AggregatingMergeTree
ORDER BY (hour, code, country);

CREATE MATERIALIZED VIEW IF NOT EXISTS clicks_to_hours TO clicks_by_hour AS
SELECT
    toStartOfHour(at) AS hour,
    code,
    country,
    uniqExactState(id) AS clicks,
    uniqExactState(visitor) AS visitors
FROM clicks
WHERE status = 302 AND kind = 'human'
GROUP BY hour, code, country;
