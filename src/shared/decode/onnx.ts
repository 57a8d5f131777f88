import type { MessageReading } from './protobuf.ts';
import { parseProto, type ProtoFile } from './proto-file.ts';

/** What of onnx.proto3 a network on its way to participants has, so that it can be read by names. */
const proto = `
syntax = "proto3";
package onnx;
message ModelProto { int64 ir_version = 1; string producer_name = 2; GraphProto graph = 7; OperatorSetIdProto opset_import = 8; }
message OperatorSetIdProto { string domain = 1; int64 version = 2; }
message GraphProto { NodeProto node = 1; string name = 2; TensorProto initializer = 5; ValueInfoProto input = 11; ValueInfoProto output = 12; }
message NodeProto { string input = 1; string output = 2; string name = 3; string op_type = 4; AttributeProto attribute = 5; }
message AttributeProto { string name = 1; float f = 2; int64 i = 3; bytes s = 4; TensorProto t = 5; float floats = 7; int64 ints = 8; bytes strings = 9; int32 type = 20; }
message TensorProto { int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; StringStringEntryProto external_data = 13; int32 data_location = 14; StringStringEntryProto metadata_props = 16; }
message StringStringEntryProto { string key = 1; string value = 2; }
message ValueInfoProto { string name = 1; TypeProto type = 2; }
message TypeProto { Tensor tensor_type = 1; }
message Tensor { int32 elem_type = 1; TensorShapeProto shape = 2; }
message TensorShapeProto { Dimension dim = 1; }
message Dimension { int64 dim_value = 1; string dim_param = 2; }
`;

/** Version, then who wrote it: what our own writer begins with, so that other protobuf is not taken for it. */
const beginning = new TextEncoder().encode('\b\b\u0012\nroundscope');

let file: ProtoFile | null = null;

export function looksLikeNetwork(start: Uint8Array): boolean {
  return beginning.every((byte, i) => start[i] === byte);
}

export function networkReading(): MessageReading {
  if (file === null) {
    const parsed = parseProto(proto);
    if (!parsed.ok) throw new Error(parsed.error);
    file = parsed.value;
  }
  return { name: 'onnx.ModelProto', file };
}
