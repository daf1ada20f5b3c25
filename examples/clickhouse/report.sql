-- The ten links with the most visits of people in the last full hours, by country.
SELECT
    hour,
    code,
    country,
    uniqExactMerge(clicks) AS clicks,
    uniqExactMerge(visitors) AS visitors
FROM clicks_by_hour
GROUP BY hour, code, country
ORDER BY hour DESC, clicks DESC, code, country
LIMIT 10 BY hour;
