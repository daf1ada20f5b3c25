-- Clicks as a cluster tells them on its stream TINYGRID_FEED, into the tables of schema.sql. Needs a durable pull
-- consumer "clickhouse" on that stream.
CREATE TABLE IF NOT EXISTS clicks_feed
(
    id String,
    code String,
    at String,
    kind String,
    botName String,
    country String,
    asn UInt32,
    network String,
    networkType String,
    browser String,
    os String,
    device String,
    referrer String,
    language String,
    utmSource String,
    utmMedium String,
    utmCampaign String,
    visitor String,
    status UInt16,
    rule UInt8,
    node String
)
ENGINE = NATS
SETTINGS
    nats_url = 'localhost:4222',
    nats_stream = 'TINYGRID_FEED',
    nats_consumer = 'clickhouse',
    nats_subjects = 'tinygrid.feed.clicks',
    nats_format = 'JSONEachRow';

CREATE MATERIALIZED VIEW IF NOT EXISTS feed_to_clicks TO clicks AS
SELECT * REPLACE (parseDateTime64BestEffort(at, 3, 'UTC') AS at)
FROM clicks_feed;
