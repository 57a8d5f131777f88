"""Exports a PyTorch network so that it can be trained elsewhere under its own names.

    from roundscope_export import export
    export(net, torch.zeros(2, 1, 48, 48), "net.onnx")

Writes net.onnx, and beside it net.safetensors with the state_dict. PyTorch's usual export is made for inference: it folds
batch normalization into convolutions and keeps their names, so `conv1.weight` is there with other values. This one is made
in training mode and without optimization, and each tensor is compared with the state_dict before anything is kept.

Needs torch 2.9 or newer, onnx, onnxscript and safetensors. Tested with torch 2.13.
"""

import copy
import pathlib

import torch


class ExportError(Exception):
    """The network cannot be exported for training; the message says why."""


def export(net, example, path, opset=20):
    """Writes `path` and the weights beside it; gives names of tensors that the graph does not use, and of tied ones."""
    import onnx
    from safetensors.torch import save_file

    path = pathlib.Path(path)
    if not isinstance(example, torch.Tensor) or example.dim() < 2 or example.shape[0] < 2:
        raise ExportError("The example is one tensor with a batch of two or more in front.")
    was_training, before = net.training, copy.deepcopy(net.state_dict())
    try:
        torch.onnx.export(
            net.train(), (example,), str(path), input_names=["x"], output_names=["y"], dynamo=True, optimize=False,
            external_data=False, opset_version=opset, dynamic_shapes=({0: torch.export.Dim("batch")},),
        )
    finally:
        # Exporting runs the network, which moves running statistics.
        net.load_state_dict(before)
        net.train(was_training)
    model = onnx.load(str(path))
    report = compare(model, before)
    strip(model)
    onnx.save(model, str(path))
    weights = {name: value.detach().clone().contiguous() for name, value in before.items()}
    save_file(weights, str(path.with_suffix(".safetensors")))
    return report


def compare(model, state):
    """Every tensor of the graph that has a parameter's name has its values, and none was made out of parameters."""
    from onnx import numpy_helper

    kinds = {info.name: kind for info in model.graph.value_info if (kind := kind_of(info))}
    seen = set()
    for tensor in model.graph.initializer:
        values = torch.from_numpy(numpy_helper.to_array(tensor).copy())
        if tensor.name in state:
            if not torch.equal(values, state[tensor.name].cpu()):
                raise ExportError(f"{tensor.name} has other values than in the state_dict: the export was optimized.")
            if tensor.name not in kinds:
                raise ExportError(f"The file does not say whether {tensor.name} is a parameter: use a newer torch.")
            seen.add(tensor.name)
        elif values.is_floating_point() and values.dim() > 1 and values.numel() > 1 and tensor.name.startswith(("val_", "onnx::")):
            raise ExportError(f"{tensor.name} {list(values.shape)} was made out of parameters: the export was optimized.")
    missing = [name for name, value in state.items() if name not in seen and value.is_floating_point()]
    places = {name: value.data_ptr() for name, value in state.items() if value.numel() > 0}
    tied = [name for name in missing if any(other in seen and places.get(name) == places[other] for other in places)]
    return {"tied": tied, "unused": [name for name in missing if name not in tied]}


def kind_of(info):
    """PARAMETER or BUFFER, as torch.export says."""
    for entry in info.metadata_props:
        if entry.key.endswith("InputSpec.kind"):
            return entry.value
    return None


def strip(model):
    """Stack traces with folders and source lines of this machine do not leave it."""
    del model.metadata_props[:]
    model.doc_string = model.graph.doc_string = ""
    del model.graph.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for function in model.functions:
        for node in function.node:
            node.doc_string = ""
            del node.metadata_props[:]
