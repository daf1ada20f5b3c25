// The one index that FerretDB asks for: made for each of its tables as soon as it is there.
//
// FerretDB 1.24 indexes `_ferretdb_sjson->'_id'` and asks for `_ferretdb_sjson->'$._id'`. These are
// the same value and, to SQLite, two expressions: so each get and each update reads the whole table.
// The index made here takes the place of FerretDB's own and is as unique; there is no moment without
// one of the two. It goes through connections of its own, with the waits that FerretDB's have, so
// that to FerretDB it looks like another writer. Rejected: keeping both, which costs each insert a
// second index; a patched FerretDB, which would have to be kept somewhere.
//
// All other indexes that are not unique go: FerretDB makes them when it is told to, keeps them up to
// date for more than all the rest of an insert costs, and reads none of them. It lists them by notes
// of its own, which stay.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite"
)

const lookForTablesEvery = 100 * time.Millisecond

// Files are opened only if they are there; FerretDB removes them when a database is dropped.
const connectionOptions = "mode=rw&_pragma=busy_timeout(10000)&_pragma=synchronous(normal)"

// Tables that have the index which FerretDB makes, and so not yet the one made here.
const tablesToIndex = `
	SELECT name, tbl_name FROM sqlite_master
	WHERE type = 'index' AND name = tbl_name || '__id_'`

// Indexes that serve look-ups alone, of tables that are not FerretDB's own.
const indexesUnread = `
	SELECT name FROM sqlite_master
	WHERE type = 'index' AND sql LIKE 'CREATE INDEX %' AND tbl_name NOT LIKE '\_ferretdb%' ESCAPE '\'`

// indexTables makes the index for all tables in the directory until the context ends.
func indexTables(ctx context.Context, directory string, logger *slog.Logger) {
	ticker := time.NewTicker(lookForTablesEvery)
	defer ticker.Stop()
	for {
		files, _ := filepath.Glob(filepath.Join(directory, "*.sqlite"))
		for _, file := range files {
			if err := indexTablesOf(ctx, file); err != nil && ctx.Err() == nil {
				logger.Error("could not index", "file", file, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func indexTablesOf(ctx context.Context, file string) error {
	db, err := sql.Open("sqlite", "file:"+file+"?"+connectionOptions)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := dropUnread(ctx, db); err != nil {
		return err
	}
	own, err := ownIndexes(ctx, db)
	if err != nil {
		return err
	}
	for index, table := range own {
		if err := replaceIndex(ctx, db, index, table); err != nil {
			return err
		}
	}
	return nil
}

func dropUnread(ctx context.Context, db *sql.DB) error {
	unread, err := unreadIndexes(ctx, db)
	if err != nil {
		return err
	}
	for _, index := range unread {
		if _, err := db.ExecContext(ctx, fmt.Sprintf(`DROP INDEX IF EXISTS "%s"`, index)); err != nil {
			return err
		}
	}
	return nil
}

func unreadIndexes(ctx context.Context, db *sql.DB) ([]string, error) {
	rows, err := db.QueryContext(ctx, indexesUnread)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var index string
		if err := rows.Scan(&index); err != nil {
			return nil, err
		}
		found = append(found, index)
	}
	return found, rows.Err()
}

// ownIndexes returns the tables by the names of the indexes that FerretDB has made for them.
func ownIndexes(ctx context.Context, db *sql.DB) (map[string]string, error) {
	rows, err := db.QueryContext(ctx, tablesToIndex)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string]string{}
	for rows.Next() {
		var index, table string
		if err := rows.Scan(&index, &table); err != nil {
			return nil, err
		}
		found[index] = table
	}
	return found, rows.Err()
}

func replaceIndex(ctx context.Context, db *sql.DB, index string, table string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	create := fmt.Sprintf(
		`CREATE UNIQUE INDEX IF NOT EXISTS "%s_asked" ON "%s" (_ferretdb_sjson->'$._id')`, index, table,
	)
	if _, err := tx.ExecContext(ctx, create); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`DROP INDEX "%s"`, index)); err != nil {
		return err
	}
	return tx.Commit()
}
