/** Builds the page as the README of the component says. */
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vite'

export default defineConfig({ plugins: [tailwindcss()], build: { chunkSizeWarningLimit: 4096 } })
