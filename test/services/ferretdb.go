// A MongoDB-protocol server in one binary, for development and tests: FerretDB on SQLite files.
//
// It listens on one address, keeps each database in a file of the directory it is given, and calls
// nobody: the embedded FerretDB has no telemetry. One process serves a directory at a time. What it
// has answered outlives a kill of the process, though not a power cut: SQLite does not wait for the
// disk, which doubles the changes per second. ferretdb-index.go makes it find what it is asked for.
// Rejected: MongoDB itself, which Debian does not package and which builds in hours.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

// SQLite's write-ahead log goes to the kernel with each commit, and to the disk and into the tables
// every 32 MB: FerretDB commits after each hundred documents, which change the same pages of the
// indexes over and over. What a statement that fails would undo is kept in memory, not in a file.
const sqliteOptions = "?_pragma=synchronous(normal)" +
	"&_pragma=wal_autocheckpoint(8192)&_pragma=temp_store(memory)"

// The heap is a few megabytes, so letting it grow costs less than collecting it.
const garbagePercent = 400

func main() {
	listen := flag.String("listen", "127.0.0.1:27017", "address to listen on")
	directory := flag.String("dir", ".", "directory of the SQLite files; it must exist")
	showVersion := flag.Bool("version", false, "print the version and end")
	flag.Parse()
	if *showVersion {
		printVersion()
		return
	}

	debug.SetGCPercent(garbagePercent)
	text := slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})
	logger := slog.New(plainHandler{text})
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: *listen},
		Logger:    logger,
		Handler:   "sqlite",
		SQLiteURL: "file:" + *directory + "/" + sqliteOptions,
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go indexTables(ctx, *directory, logger)
	fmt.Println("FerretDB listens on", *listen)
	if err := server.Run(ctx); err != nil {
		log.Fatal(err)
	}
}

// plainHandler leaves out what FerretDB adds to the logger itself: it does so for every statement
// with all its arguments, which would be written out although nothing logs them.
type plainHandler struct{ slog.Handler }

func (handler plainHandler) WithAttrs([]slog.Attr) slog.Handler { return handler }

func (handler plainHandler) WithGroup(string) slog.Handler { return handler }

func printVersion() {
	build, _ := debug.ReadBuildInfo()
	for _, module := range build.Deps {
		if module.Path == "github.com/FerretDB/FerretDB" {
			fmt.Println("FerretDB", module.Version)
		}
	}
}
