-- Hotels whose time zone was accepted by an older version and is not any more.
SELECT format(
    'The hotel %s (%s) has the time zone %s, which is not accepted any more. Remedy: PATCH /hotels/me with a region/city name.',
    hotel_id, name, time_zone) AS warning
FROM identity.hotels
WHERE time_zone <> 'UTC'
  AND (time_zone NOT LIKE '%/%' OR time_zone ~ '^(Etc|SystemV)/' OR time_zone NOT IN (SELECT name FROM pg_timezone_names))
ORDER BY hotel_id
